"""Many remittances at once, pain.001 and pain.002 over HTTP, as a `BatchRemitter`.

The file is written from the batch alone, so that it is the same bytes at every try.
"""

from banks.files import pain001, pain002
from banks.files.errors import BankFileError
from banks.files.pain001 import PayoutBatch, PayoutGroup, PayoutOrder
from banks.files.pain002 import TransactionStatus, Verdict
from banks.files.values import Account
from banks.port import (
    Accepted,
    BankRefusedOurRequest,
    Batch,
    BatchOrder,
    Declined,
    OutcomeUnknown,
    Pending,
    Remitted,
    Settled,
    Unheard,
)
from banks.rest_line import Line, body_of, decisive, segment

NAME = "Danbao"
_CODES = {
    "AC01": "no_such_account",
    "AC03": "no_such_account",
    "AC04": "account_closed",
    "AM04": "insufficient_custody",
}


class RestBatches:
    def __init__(self, line: Line) -> None:
        self._line = line

    async def remit_batch(self, batch: Batch) -> dict[str, Remitted]:
        try:
            file = pain001.write(_file(batch))
        except BankFileError as error:
            # One order that no file can hold must not hold up the others: they go by themselves.
            raise BankRefusedOurRequest(f"batch {batch.id} can't be written: {error}") from error
        path = f"/v1/batches/{segment(batch.id)}"
        response = await self._line.send("PUT", path, file)
        return _read(batch, decisive(response), response.content)

    async def find_batch(self, batch: Batch) -> dict[str, Remitted] | Unheard:
        response = await self._line.send("GET", f"/v1/batches/{segment(batch.id)}")
        if response.status_code == 404:
            match body_of(response):
                case {"code": "unknown_batch"}:
                    return Unheard()
        return _read(batch, decisive(response), response.content)


def _file(batch: Batch) -> PayoutBatch:
    account = Account(f"CUSTODY-{batch.currency}")
    orders = tuple(
        PayoutOrder(one.reference, one.amount, batch.currency, one.to.holder,
                    Account(one.to.account))
        for one in batch.orders
    )  # fmt: skip
    group = PayoutGroup(batch.id, batch.day, NAME, account, orders)
    return PayoutBatch(batch.id, batch.created_at, NAME, (group,))


def _read(batch: Batch, status: int, data: bytes) -> dict[str, Remitted]:
    """What the bank does not speak of is pending."""
    if status != 200:
        raise OutcomeUnknown(f"the bank answered {status} about batch {batch.id}")
    try:
        said = pain002.read(data).of(_file(batch))
    except BankFileError as error:
        raise OutcomeUnknown(f"a report on batch {batch.id} that can't be read: {error}") from error
    return {
        one.reference: _meaning(one, said[one.reference].verdict)
        if one.reference in said
        else Pending()
        for one in batch.orders
    }


def _meaning(order: BatchOrder, verdict: Verdict) -> Remitted:
    match verdict.status:
        case TransactionStatus.IN_PROCESS:
            return Accepted()
        case TransactionStatus.SETTLED:
            return Settled(order.amount)
        case TransactionStatus.REJECTED if verdict.reason:
            reason = verdict.reason
            return Declined(_CODES.get(reason.code, "rejected"), f"{reason.code} {reason.text}")
    return Pending()
