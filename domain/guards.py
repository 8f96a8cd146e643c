"""What a command needs besides the right party and stage. Each raises its own Refusal."""

from datetime import datetime, timedelta

from domain import errors
from domain.clock import deducts_early
from domain.events import (
    Captured,
    CaptureMismatched,
    CaptureRefused,
    DisputeOpened,
    DisputeResolved,
    EarlyDeduction,
    HoldLapsed,
    InspectionExtended,
    PaymentDeclined,
    PaymentMismatched,
    PaymentSucceeded,
    RefundedAfterRelease,
    RefundGranted,
    ReturnRefused,
    ReturnSucceeded,
    Shipped,
)
from domain.states import Dispute, Party, Return, Stage, State
from domain.terms import BUYERS_EXTENSION, LONGEST_EXTENSION

MOST_DISPUTES = 2
#: What one purchase has room for. Temporal takes 2,000 updates of a workflow and then none: without
#: these bounds one side could use them all up, and the other could not complain any more.
MOST_PAYMENTS, MOST_CAPTURES, MOST_EXTENSIONS, MOST_RETURNS = 50, 50, 60, 100


def current_attempt(
    state: State, event: PaymentSucceeded | PaymentDeclined | PaymentMismatched
) -> None:
    if event.attempt != state.attempt:
        raise errors.WrongStage("this payment attempt is not the current one")


def current_capture(state: State, event: Captured | CaptureRefused | CaptureMismatched) -> None:
    """What became of an earlier deduction says nothing of the one that is under way."""
    if event.capture not in (0, state.captures):
        raise errors.WrongStage("this deduction is not the current one")


def whole_price(state: State, event: PaymentSucceeded | Captured) -> None:
    if event.amount != state.terms.amount:
        raise errors.WrongStage("a purchase is only paid by exactly its price")


def window_open(state: State, event: Shipped) -> None:
    if state.over:
        raise errors.WrongStage("the shipping window has ended")


def captures_left(state: State, event: Shipped) -> None:
    if state.captures >= MOST_CAPTURES:
        raise errors.TooOften(f"at most {MOST_CAPTURES} deductions are tried for one purchase")


def hold_alive(state: State, at: datetime) -> None:
    """The issuer has let go already, and the clock will say so in a moment."""
    if state.frozen_only and state.capture_before is not None and state.capture_before <= at:
        raise errors.HoldExpired("the bank holds the money no longer: do not send the goods")


def frozen_only(state: State, event: HoldLapsed | EarlyDeduction) -> None:
    if not state.frozen_only:
        raise errors.WrongStage("no freeze is on")


def early_left(state: State, event: EarlyDeduction) -> None:
    if not deducts_early(state):
        raise errors.WrongStage("frozen money is deducted early once, and only by the terms")


def something_held(state: State, event: object) -> None:
    if state.amounts.held == 0:
        raise errors.NothingHeld("nothing undisputed is held for this purchase")


def payments_left(state: State, event: object) -> None:
    if state.attempt >= MOST_PAYMENTS:
        raise errors.TooOften(f"at most {MOST_PAYMENTS} payments are tried for one purchase")


def extension_left(state: State, event: InspectionExtended) -> None:
    if state.over:
        raise errors.NothingHeld("the inspection has ended")
    if event.extension <= timedelta(0):
        raise errors.ExtensionTooLong("an extension makes the inspection longer")
    if event.by is Party.BUYER:
        if state.buyer_extended:
            raise errors.ExtendedAlready("the buyer has extended the inspection once already")
        if event.extension != BUYERS_EXTENSION:
            raise errors.ExtensionTooLong(f"the buyer's extension is {BUYERS_EXTENSION}")
    elif state.extensions >= MOST_EXTENSIONS:
        raise errors.TooOften(f"a merchant extends an inspection at most {MOST_EXTENSIONS} times")
    if state.extended + event.extension > LONGEST_EXTENSION:
        raise errors.ExtensionTooLong(f"extensions may add {LONGEST_EXTENSION} in total")


def refundable(state: State, event: RefundGranted) -> None:
    whole = state.amounts.authorised or state.amounts.held
    if state.returned >= MOST_RETURNS and event.amount != whole:
        raise errors.TooOften(f"after {MOST_RETURNS} refunds only all that is left")
    if state.frozen_only:
        if event.amount != state.amounts.authorised:
            raise errors.WholeAmountOnly("a freeze can only be given back whole")
    elif not 1 <= event.amount <= state.amounts.held:
        raise errors.AmountExceedsHeld(f"from 1 to {state.amounts.held} can be refunded")


def clawable(state: State, event: RefundedAfterRelease) -> None:
    released = state.amounts.released
    if not 1 <= event.amount <= released:
        raise errors.AmountExceedsReleased(f"from 1 to {released} can be refunded")
    if event.number > MOST_RETURNS and event.amount != released:
        raise errors.TooOften(f"after {MOST_RETURNS} refunds only all that is left")


def disputable(state: State, event: DisputeOpened) -> None:
    if not state.deducted:
        raise errors.WrongStage("the money is only frozen: cancel or wait instead")
    if state.dispute is not Dispute.NONE:
        raise errors.DisputeOpenAlready("one dispute at a time")
    if state.disputes >= MOST_DISPUTES:
        raise errors.TooManyDisputes(f"at most {MOST_DISPUTES} disputes per purchase")
    if not 1 <= event.amount <= state.amounts.held:
        raise errors.AmountExceedsHeld(f"from 1 to {state.amounts.held} can be disputed")


def in_dispute(state: State, event: object) -> None:
    if state.dispute is Dispute.NONE:
        raise errors.NoDisputeOpen("no dispute is open")


def awaiting_answer(state: State, event: object) -> None:
    in_dispute(state, event)
    if state.dispute is not Dispute.OPEN:
        raise errors.WrongStage("the dispute is in arbitration already")


def in_arbitration(state: State, event: object) -> None:
    in_dispute(state, event)
    if state.dispute is not Dispute.ARBITRATION:
        raise errors.WrongStage("the dispute is not in arbitration")


def this_dispute(state: State, event: DisputeResolved) -> None:
    if event.dispute != state.disputes:
        raise errors.WrongStage("the decision was about an earlier dispute")


def exact_split(state: State, event: DisputeResolved) -> None:
    disputed = state.amounts.disputed
    if min(event.refund, event.release) < 0 or event.refund + event.release != disputed:
        raise errors.SplitMismatch(f"refund and release must add up to {disputed}")


def return_pending(state: State, event: ReturnSucceeded | ReturnRefused) -> None:
    find_return(state, event.reference)


def find_return(state: State, reference: str) -> Return:
    for pending in state.returns:
        if pending.reference == reference:
            return pending
    raise errors.WrongStage("no such return is under way")


def shipped_already(state: State) -> bool:
    return state.stage is Stage.AWAITING_CONFIRMATION
