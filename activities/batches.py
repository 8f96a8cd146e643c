"""Payouts that a bank is told of in one file. Each is paid once, however often the file is sent."""

from collections.abc import Mapping

from temporalio import activity

from activities.patience import ask_again
from banks.port import (
    Bank,
    BankRefusedOurRequest,
    Batch,
    BatchOrder,
    BatchRemitter,
    Begun,
    Creditor,
    Operation,
    Operations,
    Order,
    OutcomeUnknown,
    Remitted,
    Unheard,
)
from clearing.port import Payout, PayoutBatch


def remittance(payout: Payout) -> Order:
    """What a payout's bank is told, by itself or in a file: the same order under one reference."""
    return Order(
        bank=payout.bank,
        operation=Operation.REMIT,
        reference=payout.reference,
        escrow_id=payout.id,
        merchant_id=payout.merchant_id,
        amount=payout.amount,
        currency=payout.currency,
        to=Creditor(payout.holder, payout.account),
    )


class Batches:
    def __init__(self, banks: Mapping[str, Bank], operations: Operations) -> None:
        self._banks = banks
        self._operations = operations

    @activity.defn
    async def remit_batch(self, batch: PayoutBatch) -> dict[str, Remitted]:
        """What the bank says of each payout, by reference.

        Nothing when it does not take the file: then nobody was paid by it, and each payout is
        remitted by itself under the same reference.
        """
        orders = [remittance(payout) for payout in batch.payouts]
        begun = {await self._operations.begin(order) for order in orders}
        try:
            said = await self._said(batch, begun)
        except OutcomeUnknown as unknown:
            raise _again("outcome_unknown", f"{batch.bank}: {unknown}") from unknown
        except BankRefusedOurRequest as refused:
            activity.logger.warning("%s takes no file %s: %s", batch.bank, batch.id, refused)
            return {}
        for order in orders:
            await self._operations.finish(order, said[order.reference])
        return said

    async def _said(self, batch: PayoutBatch, begun: set[Begun]) -> dict[str, Remitted]:
        bank, file = self._bank(batch), _file(batch)
        if begun != {Begun.NOW}:
            found = await bank.find_batch(file)
            if not isinstance(found, Unheard):
                return found
            if Begun.LONG_AGO in begun:
                reason = f"{batch.bank} may have forgotten {batch.id}: it is not sent again"
                raise _again("never_blind", reason)
        return await bank.remit_batch(file)

    def _bank(self, batch: PayoutBatch) -> BatchRemitter:
        bank = self._banks[batch.bank].batches
        if bank is None:
            raise ValueError(f"{batch.bank} takes no files")
        return bank


def _file(batch: PayoutBatch) -> Batch:
    orders = tuple(
        BatchOrder(one.reference, Creditor(one.holder, one.account), one.amount)
        for one in batch.payouts
    )
    return Batch(batch.id, batch.currency, batch.day, batch.created_at, orders)


def _again(kind: str, reason: str) -> Exception:
    return ask_again(kind, reason, activity.info().attempt)
