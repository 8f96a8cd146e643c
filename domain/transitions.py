"""Who may do what, when, and what it does: every transition of a purchase, one row each.

Nothing else decides. A row names the event, the command that asks for it (None for facts), the
parties and stages that allow it, the stages it can lead to, its guards, and its effect.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from domain import disputes, effects, events, guards
from domain.accounts import Journal
from domain.errors import EscrowEnded, NotYourCommand, PaidAlready, Refusal, WrongStage
from domain.events import Event
from domain.states import LIVE, Party, Stage, State

S = TypeVar("S", bound=State)
Guard = Callable[[State, Any], None]
Effect = Callable[[Any, Any, datetime], tuple[Any, Journal]]

BUYER, MERCHANT, OPERATOR = Party.BUYER, Party.MERCHANT, Party.OPERATOR
BANK, CLOCK = Party.BANK, Party.CLOCK
UNPAID = frozenset({Stage.AWAITING_PAYMENT, Stage.PAYING})
EVERY = frozenset(Stage)


@dataclass(frozen=True, slots=True)
class Rule:
    event: type[Event]
    command: str | None
    by: frozenset[Party]
    stages: frozenset[Stage]
    to: frozenset[Stage]
    effect: Effect
    guards: tuple[Guard, ...] = ()

    def check(self, state: State, event: Event) -> None:
        """Raise the Refusal that stands in the way, if any."""
        if event.by not in self.by:
            raise NotYourCommand(f"{event.by} may not do this")
        if state.stage not in self.stages:
            raise self._refusal(state)
        for guard in self.guards:
            guard(state, event)

    def _refusal(self, state: State) -> Refusal:
        if state.ended:
            return EscrowEnded(f"this purchase is {state.stage}")
        if self.stages <= UNPAID:
            return PaidAlready("the bank has taken the money for this purchase already")
        return WrongStage(f"not possible while {state.stage}")


def row(
    event: type[Event],
    command: str | None,
    by: Party | tuple[Party, ...],
    stages: set[Stage] | frozenset[Stage],
    to: set[Stage] | frozenset[Stage],
    effect: Effect,
    *guarded: Guard,
) -> Rule:
    parties = frozenset(by if isinstance(by, tuple) else (by,))
    return Rule(event, command, parties, frozenset(stages), frozenset(to), effect, guarded)


AP, PY, AS, CP, AC = (
    Stage.AWAITING_PAYMENT,
    Stage.PAYING,
    Stage.AWAITING_SHIPMENT,
    Stage.CAPTURING,
    Stage.AWAITING_CONFIRMATION,
)
DONE, BACK, SHUT = Stage.COMPLETED, Stage.REFUNDED, Stage.CLOSED

TRANSITIONS: tuple[Rule, ...] = (
    row(events.PaymentStarted, "pay", BUYER, {AP, PY}, {PY}, effects.start_payment),
    row(events.PaymentSucceeded, None, BANK, {PY}, {AS}, effects.fund,
        guards.current_attempt, guards.whole_price),
    row(events.PaymentDeclined, None, BANK, {PY}, {AP}, effects.decline,
        guards.current_attempt),
    row(events.PaymentMismatched, None, BANK, {PY}, {AP}, effects.mismatch,
        guards.current_attempt),
    row(events.Cancelled, "cancel", (BUYER, MERCHANT), {AP, PY}, {SHUT}, effects.close),
    row(events.PaymentLapsed, None, CLOCK, {AP, PY}, {SHUT}, effects.close),
    row(events.Shipped, "ship", MERCHANT, {AS}, {AC, CP}, effects.ship, guards.window_open),
    row(events.Captured, None, BANK, {CP}, {AC}, effects.capture, guards.whole_price),
    row(events.CaptureRefused, None, BANK, {CP}, {AS}, effects.refuse_capture),
    row(events.CaptureMismatched, None, BANK, {CP}, {SHUT}, effects.mismatch_capture),
    row(events.ShipmentLapsed, None, CLOCK, {AS}, {AS, BACK, SHUT}, effects.lapse_shipment),
    row(events.HoldLapsed, None, CLOCK, {AS}, {SHUT}, effects.lapse_hold, guards.frozen_only),
    row(events.Delivered, "delivered", MERCHANT, {AC}, {AC}, effects.deliver),
    row(events.ReceiptConfirmed, "confirm_receipt", BUYER, {AC}, {AC, DONE},
        effects.release_held, guards.something_held),
    row(events.InspectionLapsed, None, CLOCK, {AC}, {AC, DONE}, effects.release_held,
        guards.something_held),
    row(events.InspectionExtended, "extend", (BUYER, MERCHANT), {AC}, {AC}, effects.extend,
        guards.extension_left),
    row(events.RefundGranted, "refund", MERCHANT, {AS, AC}, {AS, AC, DONE, BACK, SHUT},
        effects.grant_refund, guards.refundable),
    row(events.ReturnSucceeded, None, BANK, EVERY, EVERY, effects.settle_return,
        guards.return_pending),
    row(events.ReturnRefused, None, BANK, EVERY, EVERY, effects.refuse_return,
        guards.return_pending),
    row(events.ReviewNeeded, None, BANK, EVERY, EVERY, effects.raise_review),
    row(events.Reminded, None, CLOCK, {AS, AC}, {AS, AC}, effects.remind),
    row(events.DisputeOpened, "dispute", BUYER, {AS, AC}, {AS, AC}, disputes.open_dispute,
        guards.disputable),
    row(events.DisputeWithdrawn, "withdraw", BUYER, LIVE, {AS, AC, DONE, BACK},
        disputes.withdraw, guards.in_dispute),
    row(events.DisputeAccepted, "accept", MERCHANT, LIVE, {AS, AC, DONE, BACK},
        disputes.refund_all, guards.in_dispute),
    row(events.DisputeContested, "contest", MERCHANT, LIVE, {AS, AC}, disputes.arbitrate,
        guards.awaiting_answer),
    row(events.AnswerLapsed, None, CLOCK, LIVE, {AS, AC, DONE, BACK}, disputes.default_answer,
        guards.awaiting_answer),
    row(events.DisputeResolved, "resolve", OPERATOR, LIVE, {AS, AC, DONE, BACK},
        disputes.resolve, guards.in_arbitration, guards.exact_split),
    row(events.ArbitrationLapsed, None, CLOCK, LIVE, {AS, AC, DONE, BACK},
        disputes.refund_all, guards.in_arbitration),
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
    events.Captured: "shipped",
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
    "created", "paid", "shipped", "delivered", "reminder", "extended", "confirmed", "released",
    "disputed", "dispute.updated", "refunded", "closed", "completed",
)  # fmt: skip


def tells(before: State, event: Event, after: State) -> tuple[str, ...]:
    """The public events of one transition, in the order a merchant hears them.

    `completed` is told only when the end is not told by `released` already.
    """
    ended = after.stage if before.stage is not after.stage else None
    released = after.amounts.released > before.amounts.released
    shipped = type(event) is events.Shipped and after.stage is Stage.AWAITING_CONFIRMATION
    spoken = "shipped" if shipped else SPOKEN.get(type(event), "")
    said = (
        (spoken, bool(spoken)),
        ("refunded", after.amounts.refunded > before.amounts.refunded),
        ("released", released),
        ("closed", ended is Stage.CLOSED),
        ("completed", ended is Stage.COMPLETED and not released),
    )
    return tuple(name for name, happened in said if happened)
