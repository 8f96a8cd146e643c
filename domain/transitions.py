"""Who may do what, when, and what it does: every transition of a purchase, one row each.

Nothing else decides. A row names the event, the command that asks for it (None for facts), the
parties that may cause it, the stages that allow it, each with the stages it can lead to from
there, its effect, and its guards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from domain import disputes, effects, events, guards
from domain.accounts import Journal
from domain.errors import EscrowEnded, NotYourCommand, PaidAlready, Refusal, WrongStage
from domain.events import Event
from domain.states import Early, Party, Stage, State

S = TypeVar("S", bound=State)
Guard = Callable[[State, Any], None]
TimelyGuard = Callable[[State, datetime], None]
Effect = Callable[[Any, Any, datetime], tuple[Any, Journal]]

BUYER, MERCHANT, OPERATOR = Party.BUYER, Party.MERCHANT, Party.OPERATOR
BANK, CLOCK = Party.BANK, Party.CLOCK
Moves = Mapping[Stage, frozenset[Stage]]


@dataclass(frozen=True, slots=True)
class Rule:
    event: type[Event]
    command: str | None
    by: frozenset[Party]
    moves: Moves
    effect: Effect
    guards: tuple[Guard, ...] = ()
    timely: TimelyGuard | None = None

    def check(self, state: State, event: Event) -> None:
        """Raise the Refusal that stands in the way, if any."""
        if event.by not in self.by:
            raise NotYourCommand(f"{event.by} may not do this")
        if state.stage not in self.moves:
            raise self._refusal(state)
        for guard in self.guards:
            guard(state, event)

    def check_time(self, state: State, at: datetime) -> None:
        """Raise the Refusal that it is too late at `at`."""
        if self.timely is not None:
            self.timely(state, at)

    def _refusal(self, state: State) -> Refusal:
        if state.ended:
            return EscrowEnded(f"this purchase is {state.stage}")
        if self.moves.keys() <= UNPAID:
            return PaidAlready("the bank has taken the money for this purchase already")
        return WrongStage(f"not possible while {state.stage}")


def row(
    event: type[Event],
    command: str | None,
    by: Party | tuple[Party, ...],
    moves: Mapping[Stage, set[Stage]],
    effect: Effect,
    *guarded: Guard,
    timely: TimelyGuard | None = None,
) -> Rule:
    parties = frozenset(by if isinstance(by, tuple) else (by,))
    led = {stage: frozenset(to) for stage, to in moves.items()}
    return Rule(event, command, parties, led, effect, guarded, timely)


AP, PY, AS, CP, AC = (
    Stage.AWAITING_PAYMENT,
    Stage.PAYING,
    Stage.AWAITING_SHIPMENT,
    Stage.CAPTURING,
    Stage.AWAITING_CONFIRMATION,
)
DONE, BACK, SHUT = Stage.COMPLETED, Stage.REFUNDED, Stage.CLOSED
UNPAID = frozenset({AP, PY})

#: Where a fact that changes no stage leads.
STAYS = {stage: {stage} for stage in Stage}
WAITS = {AS: {AS}, AC: {AC}}
#: Where it leads when money leaves and perhaps none is left.
LEAVES = {AS: {AS, DONE, BACK}, AC: {AC, DONE, BACK}}

TRANSITIONS: tuple[Rule, ...] = (
    row(events.PaymentStarted, "pay", BUYER, {AP: {PY}, PY: {PY}}, effects.start_payment,
        guards.payments_left),
    row(events.PaymentSucceeded, None, BANK, {PY: {AS}}, effects.fund,
        guards.current_attempt, guards.whole_price),
    row(events.PaymentDeclined, None, BANK, {PY: {AP}}, effects.decline,
        guards.current_attempt),
    row(events.PaymentMismatched, None, BANK, {PY: {AP}}, effects.mismatch,
        guards.current_attempt),
    row(events.Cancelled, "cancel", (BUYER, MERCHANT), {AP: {SHUT}, PY: {SHUT}}, effects.close),
    row(events.PaymentLapsed, None, CLOCK, {AP: {SHUT}, PY: {SHUT}}, effects.close),
    row(events.Shipped, "ship", MERCHANT, {AS: {AC, CP}}, effects.ship, guards.window_open,
        guards.captures_left, timely=guards.hold_alive),
    row(events.Captured, None, BANK, {CP: {AC, AS}}, effects.capture,
        guards.current_capture, guards.whole_price),
    row(events.CaptureRefused, None, BANK, {CP: {AS}}, effects.refuse_capture,
        guards.current_capture),
    row(events.CaptureMismatched, None, BANK, {CP: {SHUT}}, effects.mismatch_capture,
        guards.current_capture),
    row(events.ShipmentLapsed, None, CLOCK, {AS: {AS, DONE, BACK, SHUT}},
        effects.lapse_shipment),
    row(events.HoldEnding, None, CLOCK, {AS: {AS}}, effects.note_hold, guards.frozen_only),
    row(events.EarlyDeduction, None, CLOCK, {AS: {CP}}, effects.deduct_early,
        guards.frozen_only, guards.early_left),
    row(events.HoldLapsed, None, (CLOCK, BANK), {AS: {SHUT}}, effects.lapse_hold,
        guards.frozen_only),
    row(events.Delivered, "delivered", MERCHANT, {AC: {AC}}, effects.deliver),
    row(events.ReceiptConfirmed, "confirm_receipt", BUYER, {AC: {AC, DONE}},
        effects.release_held, guards.something_held),
    row(events.InspectionLapsed, None, CLOCK, {AC: {AC, DONE}}, effects.release_held,
        guards.something_held),
    row(events.InspectionExtended, "extend", (BUYER, MERCHANT), {AC: {AC}}, effects.extend,
        guards.extension_left),
    row(events.RefundGranted, "refund", MERCHANT, {**LEAVES, AS: LEAVES[AS] | {SHUT}},
        effects.grant_refund, guards.refundable),
    row(events.RefundedAfterRelease, "refund", MERCHANT, {DONE: {DONE}}, effects.claw_back,
        guards.clawable),
    row(events.ReturnSucceeded, None, BANK, STAYS, effects.settle_return, guards.return_pending),
    row(events.ReturnRefused, None, BANK, STAYS, effects.refuse_return, guards.return_pending),
    row(events.ReviewNeeded, None, BANK, STAYS, effects.raise_review),
    row(events.Reminded, None, CLOCK, WAITS, effects.remind),
    row(events.DisputeOpened, "dispute", BUYER, WAITS, disputes.open_dispute, guards.disputable),
    row(events.DisputeWithdrawn, "withdraw", BUYER, {**LEAVES, AC: {AC, DONE}},
        disputes.withdraw, guards.in_dispute),
    row(events.DisputeAccepted, "accept", MERCHANT, LEAVES, disputes.refund_all,
        guards.in_dispute),
    row(events.DisputeContested, "contest", MERCHANT, WAITS, disputes.arbitrate,
        guards.awaiting_answer),
    row(events.AnswerLapsed, None, CLOCK, {**LEAVES, AC: {AC}}, disputes.default_answer,
        guards.awaiting_answer),
    row(events.DisputeResolved, "resolve", OPERATOR, LEAVES, disputes.resolve,
        guards.in_arbitration, guards.this_dispute, guards.exact_split),
    row(events.ArbitrationLapsed, None, CLOCK, LEAVES, disputes.refund_all,
        guards.in_arbitration),
)  # fmt: skip

RULES = {rule.event: rule for rule in TRANSITIONS}


def closing(state: S) -> S:
    """A purchase whose deducted money has all left is over."""
    if state.ended or not state.deducted or state.amounts.held or state.amounts.disputed:
        return state
    stage = Stage.COMPLETED if state.amounts.released else Stage.REFUNDED
    return replace(state, stage=stage, deadline=None, remaining=None)


#: What each event is called on the webhook, beside what its money does.
SPOKEN: dict[type[Event], str] = {
    events.PaymentSucceeded: "paid",
    events.HoldEnding: "hold_ending",
    events.Delivered: "delivered",
    events.Reminded: "reminder",
    events.InspectionExtended: "extended",
    events.ReceiptConfirmed: "confirmed",
    events.DisputeOpened: "disputed",
    events.DisputeWithdrawn: "dispute.updated",
    events.DisputeAccepted: "dispute.updated",
    events.DisputeContested: "dispute.updated",
    events.AnswerLapsed: "dispute.updated",
    events.DisputeResolved: "dispute.updated",
    events.ArbitrationLapsed: "dispute.updated",
}

#: Every public event, as webhooks name it without the `escrow.` before it.
PUBLIC_EVENTS = (
    "created", "paid", "hold_ending", "deducted", "shipped", "delivered", "reminder", "extended",
    "confirmed", "released", "disputed", "dispute.updated", "refunded", "closed", "completed",
)  # fmt: skip


def tells(before: State, event: Event, after: State) -> tuple[str, ...]:
    """The public events of one transition, in the order a merchant hears them.

    `completed` is told only when the end is not told by `released` already.
    """
    ended = after.stage if before.stage is not after.stage else None
    released = after.amounts.released > before.amounts.released
    spoken = _shipping(before, event, after) or SPOKEN.get(type(event), "")
    said = (
        (spoken, bool(spoken)),
        ("refunded", after.amounts.refunded > before.amounts.refunded),
        ("released", released),
        ("closed", ended is Stage.CLOSED),
        ("completed", ended is Stage.COMPLETED and not released),
    )
    return tuple(name for name, happened in said if happened)


def _shipping(before: State, event: Event, after: State) -> str:
    """What a merchant hears of goods under way and of what the bank says to that."""
    early = before.early is Early.UNDER_WAY
    match event:
        case events.Shipped() if after.stage is Stage.AWAITING_CONFIRMATION:
            return "shipped"
        case events.Captured():
            return "deducted" if early else "shipped"
        case events.CaptureRefused() if early:
            return "hold_ending"
        case _:
            return ""
