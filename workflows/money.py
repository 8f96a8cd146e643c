"""What a purchase tells a bank, and what the bank's answers mean for it."""

from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

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
        Truth,
        Unfrozen,
        Unheard,
    )
    from domain import events
    from domain.errors import Refusal
    from domain.events import Event
    from domain.states import BANK_SILENT, Return, State, payment_reference

Move = Callable[[Event], Awaitable[object]]

#: Answers to an unfreeze that mean: the buyer has the money already.
NOT_FROZEN = frozenset({"expired", "not_frozen"})


def payment_order(escrow: State, attempt: int) -> Order:
    reference = payment_reference(escrow.terms.escrow_id, attempt)
    return order(escrow, Operation.PAYMENT, reference, escrow.terms.amount)


def order(escrow: State, what: Operation, reference: str, amount: int, of: str = "") -> Order:
    terms = escrow.terms
    return Order(
        bank=escrow.bank,
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
        case Accepted() | Refunded() | Unfrozen():
            # Given back already by whoever found it earlier: no news about this payment.
            return None


async def capture(escrow: State, move: Move) -> None:
    """Freeze mode, shipped: deduct the price out of the freeze."""
    price = escrow.terms.amount
    deduction = order(escrow, Operation.DEDUCT, escrow.capture, price, of=escrow.payment)
    match await moved(deduction, move):
        case Deducted(amount=amount) if amount == price:
            await move(events.Captured(amount=amount))
        case Deducted(amount=amount):
            await move(events.CaptureMismatched(amount=amount))
        case Declined(code=code):
            await move(events.CaptureRefused(code=code))
        case other:
            raise Refusal(f"a deduction can't be {other.kind}")


async def give_back(escrow: State, back: Return, move: Move) -> None:
    """Tell the bank until it has answered definitively."""
    what = Operation(back.way)
    match await moved(order(escrow, what, back.reference, back.amount, of=back.of), move):
        case Declined(code=code) if what is Operation.UNFREEZE and code in NOT_FROZEN:
            await move(events.ReturnSucceeded(reference=back.reference))
        case Declined(code=code):
            await move(events.ReturnRefused(reference=back.reference, code=code))
        case _:
            await move(events.ReturnSucceeded(reference=back.reference))


async def moved(what: Order, move: Move) -> Done:
    """Move money; when the bank stays silent for minutes a person hears, and we go on asking."""
    try:
        return await steps.move_money(what, steps.TRIES_BEFORE_REVIEW)
    except ActivityError:
        await move(events.ReviewNeeded(reason=BANK_SILENT))
        return await steps.move_money(what)
