"""Every state that a small purchase can get into, and every way in which it gets there.

The price is two units: enough for a dispute about a part, and a release beside a refund. States
that differ only in counters and moments count as one.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from domain import events
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Party, Stage
from domain.terms import FeePolicy, HoldExpiry
from tests.builders import DAY, HOLD, NOON, disputed, opened, refund, split, started

PRICE = 2
#: Facts and commands that say nothing but that they happened.
PLAIN: tuple[Event, ...] = (
    events.PaymentLapsed(),
    events.Shipped(carrier="SF", tracking="1"),
    events.CaptureRefused(code="expired"),
    events.ShipmentLapsed(),
    events.HoldEnding(of=NOON),
    events.EarlyDeduction(),
    events.HoldLapsed(),
    events.HoldLapsed(by=Party.BANK),
    events.Delivered(),
    events.ReceiptConfirmed(),
    events.InspectionLapsed(),
    events.DisputeWithdrawn(),
    events.DisputeAccepted(),
    events.DisputeContested(),
    events.AnswerLapsed(),
    events.ArbitrationLapsed(),
    events.ReviewNeeded(reason="bank_silent"),
    events.Reminded(of=NOON),
)


@dataclass
class Reached:
    states: list[Escrow] = field(default_factory=list)
    steps: list[tuple[Escrow, Moved[Escrow]]] = field(default_factory=list)
    refused: list[tuple[Escrow, Event, Refusal]] = field(default_factory=list)

    def moves(self) -> set[tuple[type[Event], Stage, Stage]]:
        return {(type(moved.event), was.stage, moved.escrow.stage) for was, moved in self.steps}


def tries(escrow: Escrow) -> Iterator[Event]:
    """One of each kind of event, sensible here or not, in every size that makes a difference."""
    yield started()
    yield from PLAIN
    yield from (events.Cancelled(by=party) for party in (Party.BUYER, Party.MERCHANT))
    yield from payments(escrow)
    for amount in range(PRICE + 2):
        yield events.Captured(amount=amount)
        yield events.CaptureMismatched(amount=amount)
        yield refund(amount)
        yield events.RefundedAfterRelease(number=len(escrow.returns) + 1, amount=amount)
        yield disputed(amount)
        yield split(amount, escrow.amounts.disputed - amount, escrow.disputes)
    for party in (Party.BUYER, Party.MERCHANT):
        yield events.InspectionExtended(extension=3 * DAY, by=party)
    yield events.InspectionExtended(extension=31 * DAY, by=Party.MERCHANT)
    for reference in ("esc_1:refund:9", *(back.reference for back in escrow.returns)):
        yield events.ReturnSucceeded(reference=reference)
        yield events.ReturnRefused(reference=reference, code="account_closed")


def payments(escrow: Escrow) -> Iterator[Event]:
    """What a bank may say about the current attempt and about one that never was."""
    for attempt in (escrow.attempt, escrow.attempt + 1):
        yield events.PaymentDeclined(attempt=attempt, code="insufficient_funds")
        for is_frozen in (False, True):
            until = NOON + HOLD if is_frozen else None
            yield events.PaymentSucceeded(attempt=attempt, amount=PRICE, capture_before=until)
            yield events.PaymentMismatched(attempt=attempt, amount=1, frozen=is_frozen)
    yield events.PaymentSucceeded(attempt=escrow.attempt, amount=PRICE - 1)


@cache
def reachable() -> Reached:
    reached = Reached()
    seen: set[object] = set()
    # The bank may deduct or freeze, whatever it was asked for: both kinds grow from one seed.
    ahead = deque([opened(amount=PRICE, fee=FeePolicy(bps=3_000), hold_expiry=HoldExpiry.DEDUCT)])
    while ahead:
        escrow = ahead.popleft()
        if _alike(escrow) in seen:
            continue
        seen.add(_alike(escrow))
        reached.states.append(escrow)
        for event in tries(escrow):
            try:
                moved = escrow.after(event, NOON)
            except Refusal as refusal:
                reached.refused.append((escrow, event, refusal))
            else:
                reached.steps.append((escrow, moved))
                if max(moved.escrow.attempt, len(moved.escrow.returns)) <= 2:
                    ahead.append(moved.escrow)
    return reached


def _alike(escrow: Escrow) -> object:
    """Equal for states that differ only in what decides nothing."""
    return replace(
        escrow,
        sequence=1,
        told=1,
        captures=min(escrow.captures, 1),
        returned=0,
        returns=tuple(replace(back, reference="", of="", amount=1) for back in escrow.returns[:1]),
        declined="",
        review="",
        noted=None,
        deadline=NOON if escrow.deadline else None,
        remaining=DAY if escrow.remaining else None,
        extended=DAY if escrow.extended else 0 * DAY,
        extensions=0,
    )
