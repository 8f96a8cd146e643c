"""What a command needs besides the right party and stage. Each raises its own Refusal."""

from datetime import timedelta

from domain import errors
from domain.events import (
    Captured,
    DisputeOpened,
    DisputeResolved,
    HoldLapsed,
    InspectionExtended,
    PaymentDeclined,
    PaymentMismatched,
    PaymentSucceeded,
    RefundGranted,
    ReturnRefused,
    ReturnSucceeded,
    Shipped,
)
from domain.states import Dispute, Party, Return, Stage, State
from domain.terms import BUYERS_EXTENSION, LONGEST_EXTENSION

MOST_DISPUTES = 2


def current_attempt(
    state: State, event: PaymentSucceeded | PaymentDeclined | PaymentMismatched
) -> None:
    if event.attempt != state.attempt:
        raise errors.WrongStage("this payment attempt is not the current one")


def whole_price(state: State, event: PaymentSucceeded | Captured) -> None:
    if event.amount != state.terms.amount:
        raise errors.WrongStage("a purchase is only paid by exactly its price")


def window_open(state: State, event: Shipped) -> None:
    if state.over:
        raise errors.WrongStage("the shipping window has ended")


def frozen_only(state: State, event: HoldLapsed) -> None:
    if not state.frozen_only:
        raise errors.WrongStage("no freeze is on")


def something_held(state: State, event: object) -> None:
    if state.amounts.held == 0:
        raise errors.NothingHeld("nothing undisputed is held for this purchase")


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
    if state.extended + event.extension > LONGEST_EXTENSION:
        raise errors.ExtensionTooLong(f"extensions may add {LONGEST_EXTENSION} in total")


def refundable(state: State, event: RefundGranted) -> None:
    if state.frozen_only:
        if event.amount != state.amounts.authorised:
            raise errors.WholeAmountOnly("a freeze can only be given back whole")
    elif not 1 <= event.amount <= state.amounts.held:
        raise errors.AmountExceedsHeld(f"from 1 to {state.amounts.held} can be refunded")


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
