"""Windows and reminders: what the clock does to a purchase, given the moment.

`at` is always the workflow's time; nothing here reads a clock.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from domain.events import (
    AnswerLapsed,
    ArbitrationLapsed,
    EarlyDeduction,
    Event,
    HoldEnding,
    HoldLapsed,
    InspectionLapsed,
    PaymentLapsed,
    Reminded,
    ShipmentLapsed,
)
from domain.states import Dispute, Early, Stage, State
from domain.terms import HoldExpiry

S = TypeVar("S", bound=State)
DAY = timedelta(days=1)

#: How long before the deadline of a stage both sides hear of it.
REMINDERS = {
    Stage.AWAITING_SHIPMENT: (3 * DAY,),
    Stage.AWAITING_CONFIRMATION: (3 * DAY, DAY),
}

#: How long before the issuer lets go the merchant hears of it, and the money is deducted if the
#: terms say so.
HOLD_WARNING = 2 * DAY
EARLY = DAY
#: They change nothing: what lapses at the same time comes before them.
NOTES = (Reminded, HoldEnding)


def wound(state: S, at: datetime, window: timedelta | None) -> S:
    """A fresh clock of `window` for the stage just entered; None: this stage has no clock."""
    deadline = None if window is None else at + window
    return replace(state, deadline=deadline, remaining=None, over=False, noted=at)


def kept(state: S, at: datetime) -> S:
    """Stop the clock when nothing undisputed is left to decide about; start it again after."""
    if not state.deducted or state.ended or state.over:
        return state
    if state.amounts.held == 0 and state.deadline is not None:
        left = max(state.deadline - at, timedelta(0))
        return replace(state, deadline=None, remaining=left)
    if state.amounts.held > 0 and state.remaining is not None:
        return replace(state, deadline=at + state.remaining, remaining=None, noted=at)
    return state


def reminders(state: State) -> list[datetime]:
    """The reminders still to come in this stage, earliest first.

    One that is as long before the deadline as the window is long falls away.
    """
    if state.deadline is None:
        return []
    moments = (state.deadline - lead for lead in REMINDERS.get(state.stage, ()))
    return sorted(m for m in moments if state.noted is None or m > state.noted)


def capture_before(state: State) -> datetime | None:
    """While the money is only frozen, the bank gives us until then to deduct it."""
    return state.capture_before if state.stage is Stage.AWAITING_SHIPMENT else None


def wake_ups(state: State) -> list[tuple[datetime, Event]]:
    """Everything the clock will do unless something else happens first, earliest first."""
    calls: list[tuple[datetime, Event]] = []
    if state.dispute_deadline is not None:
        answer = AnswerLapsed() if state.dispute is Dispute.OPEN else ArbitrationLapsed()
        calls.append((state.dispute_deadline, answer))
    calls += _hold(state)
    if state.deadline is not None:
        calls.append((state.deadline, LAPSES[state.stage]()))
    calls += [(moment, Reminded(of=state.deadline or moment)) for moment in reminders(state)]
    return sorted(calls, key=lambda call: call[0])


def short_hold(state: State) -> datetime | None:
    """When the issuer lets go, if that is before the merchant's time to ship ends."""
    ends = capture_before(state) if state.frozen_only else None
    outlasts = ends is None or (state.deadline is not None and state.deadline <= ends)
    return None if outlasts else ends


def lets_go(state: State) -> datetime | None:
    """When frozen money is the buyer's again if nothing is sent; None: it is deducted before."""
    if not state.frozen_only:
        return None
    ends = short_hold(state)
    return None if ends and deducts_early(state) else ends or state.deadline


def _hold(state: State) -> list[tuple[datetime, Event]]:
    """A hold that outlasts the time to ship needs neither a warning nor an early deduction."""
    ends = capture_before(state)
    if ends is None or not state.frozen_only:
        return []
    calls: list[tuple[datetime, Event]] = [(ends, HoldLapsed())]
    if short_hold(state) and not state.hold_noted:
        calls.append((ends - HOLD_WARNING, HoldEnding(of=ends)))
    if short_hold(state) and deducts_early(state):
        calls.append((ends - EARLY, EarlyDeduction()))
    return calls


def deducts_early(state: State) -> bool:
    """By the terms, and it was not tried yet."""
    return state.terms.hold_expiry is HoldExpiry.DEDUCT and state.early is Early.NO


LAPSES: dict[Stage, type[PaymentLapsed | ShipmentLapsed | InspectionLapsed]] = {
    Stage.AWAITING_PAYMENT: PaymentLapsed,
    Stage.PAYING: PaymentLapsed,
    Stage.AWAITING_SHIPMENT: ShipmentLapsed,
    Stage.AWAITING_CONFIRMATION: InspectionLapsed,
}
