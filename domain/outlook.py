"""What may happen to a purchase from here: who may do what, and what the clock does otherwise.

Nothing is decided here; the rules are asked what they would decide.
"""

from collections.abc import Iterator
from datetime import datetime

from domain import events
from domain.clock import NOTES, wake_ups
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Dispute, Early, Party, Reason, Stage
from domain.terms import BUYERS_EXTENSION, SECOND
from domain.transitions import RULES

#: Whose turn it is while nothing is disputed. Nobody's where the purchase has ended.
TURNS = {
    Stage.AWAITING_PAYMENT: Party.BUYER,
    Stage.PAYING: Party.BANK,
    Stage.AWAITING_SHIPMENT: Party.MERCHANT,
    Stage.CAPTURING: Party.BANK,
    Stage.AWAITING_CONFIRMATION: Party.BUYER,
}


def turn(escrow: Escrow) -> Party | None:
    """Who must act next: a dispute comes before the rest, and a review before everything."""
    if escrow.review:
        return Party.OPERATOR
    if escrow.dispute is not Dispute.NONE:
        return Party.MERCHANT if escrow.dispute is Dispute.OPEN else Party.OPERATOR
    if escrow.returns and escrow.ended:
        return Party.BANK
    return TURNS.get(escrow.stage)


def may(escrow: Escrow, party: Party) -> list[str]:
    """The commands that `party` could give now, as the rules call them.

    Each is tried with the largest amount and the shortest time that it can be about.
    """
    return [
        command
        for event in _wishes(escrow, party)
        if (command := RULES[type(event)].command) and _allowed(escrow, event)
    ]


def if_nobody_acts(escrow: Escrow, now: datetime) -> list[Moved[Escrow]]:
    """What the clock does, one after the other, until it has nothing left to do.

    A bank that is asked on the way is taken to have nothing to report, and to deduct early what
    it is told to. What is due already happens at `now`; reminders are left out.
    """
    ahead: list[Moved[Escrow]] = []
    at = now
    while call := _next(escrow, at):
        moment, event = call
        at = max(moment, at)
        moved = escrow.after(event, at)
        ahead.append(moved)
        escrow = moved.escrow
    return ahead


def _next(escrow: Escrow, at: datetime) -> tuple[datetime, Event] | None:
    if escrow.stage is Stage.CAPTURING and escrow.early is Early.UNDER_WAY:
        return at, events.Captured(capture=escrow.captures, amount=escrow.terms.amount)
    calls = (call for call in wake_ups(escrow) if not isinstance(call[1], NOTES))
    return next(calls, None)


def _allowed(escrow: Escrow, event: Event) -> bool:
    try:
        escrow.allows(event)
    except Refusal:
        return False
    return True


def _wishes(escrow: Escrow, party: Party) -> Iterator[Event]:
    """One event of each command, by `party` wherever both sides may give it."""
    amounts = escrow.amounts
    yield events.PaymentStarted(bank="", method="", by=party)
    yield events.Cancelled(by=party)
    yield events.Shipped(by=party)
    yield events.Delivered(by=party)
    yield events.ReceiptConfirmed(by=party)
    longer = BUYERS_EXTENSION if party is Party.BUYER else SECOND
    yield events.InspectionExtended(extension=longer, by=party)
    yield events.RefundGranted(amount=amounts.authorised or amounts.held, by=party)
    yield events.RefundedAfterRelease(number=1, amount=amounts.released, by=party)
    yield events.DisputeOpened(amount=amounts.held, reason=Reason.OTHER, by=party)
    yield events.DisputeWithdrawn(by=party)
    yield events.DisputeAccepted(by=party)
    yield events.DisputeContested(by=party)
    yield events.DisputeResolved(
        dispute=escrow.disputes, refund=amounts.disputed, release=0, by=party
    )
