"""What a bank is asked and told. Each call may run many times; money moves once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from temporalio import activity

from activities.patience import ask_again
from banks.port import (
    Accepted,
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
    Returned,
    Settled,
    Truth,
    Unfrozen,
    Unheard,
)

T = TypeVar("T")
Shown = Callable[[Order], Awaitable[Truth | None]]
Done = Deducted | Refunded | Unfrozen | Accepted | Settled | Returned | Declined


async def no_statement(_order: Order) -> None:
    """At a bank whose statements nobody reads."""


class Funding:
    def __init__(
        self,
        banks: Mapping[str, Bank],
        operations: Operations,
        back_from_bank: Callable[[str], str],
        shown: Shown = no_statement,
    ) -> None:
        """`back_from_bank` says where a bank sends the buyer of a purchase afterwards, `shown` what
        its statements say of an operation.
        """
        self._banks = banks
        self._shown = shown
        self._back_from_bank = back_from_bank
        self._operations = operations

    @activity.defn
    async def start_payment(self, order: Order) -> Redirect | Declined:
        """Ask for the bank's payment page. Moves no money: the same reference, the same page.

        As long as the bank remembers it: afterwards it would open a second page to pay at.
        """
        if await self._operations.begin(order) is Begun.LONG_AGO:
            raise _never_blind(order)
        page = await self._heard(
            order,
            self._bank(order).start_payment(
                order.reference,
                order.amount,
                order.currency,
                order.funding,
                self._back_from_bank(order.escrow_id),
                order.payer,
            ),
        )
        await self._operations.finish(order, page)
        return page

    @activity.defn
    async def find_payment(self, order: Order) -> Truth:
        """What the bank answers about a payment, whatever a callback claimed."""
        truth = await self._heard(order, self._find(order))
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
        """Deduct, refund, unfreeze or remit once, however often Temporal calls us.

        An answer that got lost is unknown, not failed: our own row tells whether to ask before
        sending.
        """
        begun = await self._operations.begin(order)
        if begun is not Begun.NOW:
            truth = await self._heard(order, self._find(order))
            if not isinstance(truth, Unheard):
                return await self._done(order, truth)
            if begun is Begun.LONG_AGO:
                raise _never_blind(order)
        return await self._done(order, await self._heard(order, self._send(order)))

    async def _find(self, order: Order) -> Truth:
        """What the bank says; where that is nothing definite, what its statement has shown."""
        try:
            truth = await self._bank(order).find(order.reference)
        except OutcomeUnknown:
            if shown := await self._shown(order):
                return shown
            raise
        if isinstance(truth, Pending | Unheard):
            return await self._shown(order) or truth
        return truth

    async def _send(self, order: Order) -> Truth:
        bank = self._bank(order)
        match order.operation:
            case Operation.DEDUCT:
                return await bank.deduct(order.reference, order.of, order.amount, order.currency)
            case Operation.REFUND:
                return await bank.refund(order.reference, order.of, order.amount, order.currency)
            case Operation.UNFREEZE:
                return await bank.unfreeze(order.reference, order.of)
            case Operation.REMIT:
                return await _remit(bank, order)
            case Operation.PAYMENT:
                raise ValueError("the buyer pays at the bank's page, we don't")

    async def _done(self, order: Order, truth: Truth) -> Done:
        await self._operations.finish(order, truth)
        match truth:
            case Deducted() | Refunded() | Unfrozen() | Declined():
                return truth
            case Accepted() | Settled() | Returned():
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


async def _remit(bank: Bank, order: Order) -> Truth:
    if bank.remitter is None or order.to is None:
        raise ValueError(f"{order.bank} is not asked to remit")
    return await bank.remitter.remit(order.reference, order.to, order.amount, order.currency)


def _never_blind(order: Order) -> Exception:
    return _again(
        "never_blind",
        f"{order.bank} may have forgotten {order.reference}: it is not sent again "
        "before the bank or its statement has shown what became of it",
    )


def _again(kind: str, reason: str) -> Exception:
    return ask_again(kind, reason, activity.info().attempt)
