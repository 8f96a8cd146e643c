"""What a purchase tells a bank, and what the bank's answers mean for it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows import steps

with workflow.unsafe.imports_passed_through():
    from activities.funding import Done
    from banks.port import (
        Accepted,
        Closed,
        Declined,
        Deducted,
        Frozen,
        Operation,
        Order,
        Pending,
        Refunded,
        Returned,
        Settled,
        Truth,
        Unfrozen,
        Unheard,
    )
    from domain import events
    from domain.events import Event
    from domain.states import BANK_SILENT, Party, Return, State, payment_reference

A = TypeVar("A")
Move = Callable[[Event], Awaitable[object]]
#: A step at a bank with a number of tries.
Patient = Callable[[Order, int], Awaitable[A]]

#: Answers that mean: the issuer has let go, the buyer has the money already.
NOT_FROZEN = frozenset({"expired", "not_frozen"})


def payment_order(escrow: State, attempt: int, bank: str) -> Order:
    reference = payment_reference(escrow.terms.escrow_id, attempt)
    return order(escrow, Operation.PAYMENT, reference, escrow.terms.amount, bank=bank)


def order(
    escrow: State, what: Operation, reference: str, amount: int, of: str = "", bank: str = ""
) -> Order:
    terms = escrow.terms
    return Order(
        bank=bank or escrow.bank,
        operation=what,
        reference=reference,
        escrow_id=terms.escrow_id,
        merchant_id=terms.merchant_id,
        amount=amount,
        currency=terms.currency,
        of=of,
        funding=terms.funding,
    )


def paid_or_not(escrow: State, attempt: int, truth: Truth) -> Event | None:
    """The event that the bank's answer about a payment means; None while it is undecided."""
    price = escrow.terms.amount
    match truth:
        case Deducted(amount=amount):
            if amount != price:
                return events.PaymentMismatched(attempt=attempt, amount=amount)
            return events.PaymentSucceeded(attempt=attempt, amount=amount)
        case Frozen(amount=amount, capture_before=until):
            if amount != price:
                return events.PaymentMismatched(attempt=attempt, amount=amount, frozen=True)
            return events.PaymentSucceeded(attempt=attempt, amount=amount, capture_before=until)
        case Declined(code=code):
            return events.PaymentDeclined(attempt=attempt, code=code)
        case Closed():
            return events.PaymentDeclined(attempt=attempt, code="closed")
        case Pending() | Unheard():
            return None
        case Refunded() | Unfrozen():
            # The buyer has the money back: nothing was paid.
            return events.PaymentDeclined(attempt=attempt, code="given_back")
        case Accepted() | Settled() | Returned():
            # Of remittances only.
            return None


async def capture(escrow: State, move: Move) -> None:
    """Freeze mode, shipped: deduct the price out of the freeze."""
    price, capture = escrow.terms.amount, escrow.captures
    deduction = order(escrow, Operation.DEDUCT, escrow.capture, price, of=escrow.payment)
    match await moved(deduction, move):
        case Deducted(amount=amount) if amount == price:
            await move(events.Captured(capture=capture, amount=amount))
        case Deducted(amount=amount):
            await move(events.CaptureMismatched(capture=capture, amount=amount))
        case Declined(code=code):
            await move(events.CaptureRefused(capture=capture, code=code))
            if code in NOT_FROZEN:
                await move(events.HoldLapsed(by=Party.BANK))
        case other:
            # The freeze is gone some other way: nothing was deducted.
            await move(events.CaptureRefused(capture=capture, code=other.kind))


async def give_back(escrow: State, back: Return, move: Move) -> None:
    """Tell the bank until it has answered definitively."""
    what = Operation(back.way)
    match await moved(order(escrow, what, back.reference, back.amount, of=back.of), move):
        case Refunded(amount=amount) if amount == back.amount and what is Operation.REFUND:
            await move(events.ReturnSucceeded(reference=back.reference))
        case Unfrozen() if what is Operation.UNFREEZE:
            await move(events.ReturnSucceeded(reference=back.reference))
        case Declined(code=code) if what is Operation.UNFREEZE and code in NOT_FROZEN:
            await move(events.ReturnSucceeded(reference=back.reference))
        case Declined(code=code):
            await move(events.ReturnRefused(reference=back.reference, code=code))
        case _:
            # Not what it was told to do: the return stays open until a person has looked.
            await move(events.ReviewNeeded(reason="return_mismatch"))


async def moved(what: Order, move: Move) -> Done:
    return await in_the_end(steps.move_money, what, move)


async def in_the_end(step: Patient[A], what: Order, move: Move) -> A:
    """Ask the bank until it answers; when it stays silent for minutes a person hears of it."""
    try:
        return await step(what, steps.TRIES_BEFORE_REVIEW)
    except FailureError:
        await move(events.ReviewNeeded(reason=BANK_SILENT))
        return await step(what, steps.FOREVER)
