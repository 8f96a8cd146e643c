"""What a bank is asked and told. Each call may run many times; money moves once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from temporalio import activity

from activities.patience import ask_again
from banks.port import (
    AlreadyPaid,
    Bank,
    BankRefusedOurRequest,
    Begun,
    Closed,
    Declined,
    Deducted,
    Operation,
    Operations,
    Order,
    OutcomeUnknown,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)

T = TypeVar("T")
Done = Deducted | Refunded | Unfrozen | Declined


class Funding:
    def __init__(
        self,
        banks: Mapping[str, Bank],
        operations: Operations,
        back_from_bank: Callable[[str], str],
    ) -> None:
        """`back_from_bank` says where a bank sends the buyer of a purchase afterwards."""
        self._banks = banks
        self._back_from_bank = back_from_bank
        self._operations = operations

    @activity.defn
    async def start_payment(self, order: Order) -> Redirect | Declined:
        """Ask for the bank's payment page. Moves no money: the same reference, the same page."""
        await self._operations.begin(order)
        page = await self._heard(
            order,
            self._bank(order).start_payment(
                order.reference,
                order.amount,
                order.currency,
                order.funding,
                self._back_from_bank(order.escrow_id),
            ),
        )
        await self._operations.finish(order, page)
        return page

    @activity.defn
    async def find_payment(self, order: Order) -> Truth:
        """What the bank answers about a payment, whatever a callback claimed."""
        truth = await self._heard(order, self._bank(order).find(order.reference))
        await self._operations.finish(order, truth)
        return truth

    @activity.defn
    async def decide_payment(self, order: Order) -> Truth:
        """The same, asked again until the answer is definitive."""
        match await self.find_payment(order):
            case Pending() | Unheard():
                raise _again("bank_undecided", f"{order.bank} has not decided {order.reference}")
            case truth:
                return truth

    @activity.defn
    async def close_payment(self, order: Order) -> Closed | AlreadyPaid:
        """From now on this payment can't be made, unless it was."""
        answer = await self._heard(order, self._bank(order).close_payment(order.reference))
        await self._operations.finish(order, answer)
        return answer

    @activity.defn
    async def move_money(self, order: Order) -> Done:
        """Deduct, refund or unfreeze once, however often Temporal calls us.

        An answer that got lost is unknown, not failed: our own row tells whether to ask before
        sending.
        """
        begun = await self._operations.begin(order)
        if begun is not Begun.NOW:
            truth = await self._heard(order, self._bank(order).find(order.reference))
            if not isinstance(truth, Unheard):
                return await self._done(order, truth)
            if begun is Begun.LONG_AGO:
                raise _again(
                    "never_blind",
                    f"{order.bank} may have forgotten {order.reference}: it is not sent again "
                    "before the bank or its statement has shown what became of it",
                )
        return await self._done(order, await self._heard(order, self._send(order)))

    async def _send(self, order: Order) -> Truth:
        bank = self._bank(order)
        match order.operation:
            case Operation.DEDUCT:
                return await bank.deduct(order.reference, order.of, order.amount, order.currency)
            case Operation.REFUND:
                return await bank.refund(order.reference, order.of, order.amount, order.currency)
            case Operation.UNFREEZE:
                return await bank.unfreeze(order.reference, order.of)
            case Operation.PAYMENT:
                raise ValueError("the buyer pays at the bank's page, we don't")

    async def _done(self, order: Order, truth: Truth) -> Done:
        await self._operations.finish(order, truth)
        match truth:
            case Deducted() | Refunded() | Unfrozen() | Declined():
                return truth
            case _:
                raise _again("bank_pending", f"{order.bank} still works on {order.reference}")

    def _bank(self, order: Order) -> Bank:
        return self._banks[order.bank]

    async def _heard(self, order: Order, call: Awaitable[T]) -> T:
        try:
            return await call
        except OutcomeUnknown as unknown:
            raise _again("outcome_unknown", f"{order.bank}: {unknown}") from unknown
        except BankRefusedOurRequest as refused:
            raise _again("bank_refused_our_request", f"{order.bank}: {refused}") from refused


def _again(kind: str, reason: str) -> Exception:
    return ask_again(kind, reason, activity.info().attempt)
