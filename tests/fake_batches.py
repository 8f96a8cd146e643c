"""How the fake bank takes many remittances at once: all of a batch, or nothing of it."""

from banks.port import (
    BankRefusedOurRequest,
    Batch,
    Declined,
    Pending,
    Remitted,
    Returned,
    Settled,
    Truth,
    Unheard,
)
from banks.sandbox.magic import Call
from tests.fake_faults import Faults, after
from tests.fake_remitter import FakeRemitter


class FakeBatches:
    def __init__(self, faults: Faults, remitter: FakeRemitter) -> None:
        self._faults, self._remitter = faults, remitter
        self._known: dict[str, Batch] = {}

    async def remit_batch(self, batch: Batch) -> dict[str, Remitted]:
        met = self._faults.before(Call.BATCH, batch.id, 0)
        if self._known.get(batch.id, batch) != batch:
            raise BankRefusedOurRequest(f"{batch.id} was used for another file")
        if batch.id not in self._known:
            for one in batch.orders:
                self._remitter.check(one.reference, one.to, one.amount, batch.currency)
            for one in batch.orders:
                self._remitter.take(one.reference, one.to, one.amount, batch.currency)
            self._known[batch.id] = batch
        after(met)
        return self._said(batch)

    async def find_batch(self, batch: Batch) -> dict[str, Remitted] | Unheard:
        after(self._faults.before(Call.BATCH, batch.id, 0))
        return self._said(batch) if batch.id in self._known else Unheard()

    def _said(self, batch: Batch) -> dict[str, Remitted]:
        return {
            one.reference: _as_order(self._remitter.find(one.reference)) for one in batch.orders
        }


def _as_order(truth: Truth | None) -> Remitted:
    match truth:
        case None:
            return Pending()
        case Returned(amount=amount):
            return Settled(amount)
        case Declined(code=code):
            return Declined(code)
    assert isinstance(truth, Remitted)
    return truth
