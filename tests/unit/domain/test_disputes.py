"""A dispute beside progress: who ends it how, and what becomes of the money."""

import pytest

from domain import errors, events
from domain.escrow import Escrow
from domain.events import Event
from domain.states import Dispute, Stage
from domain.terms import FeePolicy
from tests.builders import DAY, HOUR, NOON, PRICE, after, disputed, paid, shipped, split

CONTEST = events.DisputeContested()
ACCEPT = events.DisputeAccepted()
WITHDRAW = events.DisputeWithdrawn()
CONFIRM = events.ReceiptConfirmed()
PART = 4_000
REST = PRICE - PART


def outcome(escrow: Escrow, *happened: Event) -> tuple[Stage, int, int, int]:
    """(stage, held, released, refunded) after all of these."""
    ended = after(escrow, *happened)
    amounts = ended.amounts
    assert amounts.disputed == 0
    assert (ended.dispute, ended.dispute_deadline) == (Dispute.NONE, None)
    return ended.stage, amounts.held, amounts.released, amounts.refunded


def test_disputed_money_stands_apart() -> None:
    open_ = after(shipped(), disputed(PART))
    assert (open_.amounts.held, open_.amounts.disputed) == (REST, PART)
    assert open_.stage is Stage.AWAITING_CONFIRMATION
    assert open_.dispute_deadline == NOON + 5 * DAY


@pytest.mark.parametrize("amount", [0, -1, PRICE + 1])
def test_only_what_is_held_can_be_disputed(amount: int) -> None:
    with pytest.raises(errors.AmountExceedsHeld):
        shipped().after(disputed(amount), NOON)


def test_one_at_a_time_and_two_in_all() -> None:
    one = after(shipped(), disputed(1))
    with pytest.raises(errors.DisputeOpenAlready):
        one.after(disputed(1), NOON)
    two = after(one, WITHDRAW, disputed(1), WITHDRAW)
    with pytest.raises(errors.TooManyDisputes):
        two.after(disputed(1), NOON)


@pytest.mark.parametrize("command", [WITHDRAW, ACCEPT, CONTEST, events.AnswerLapsed(), split(0, 0)])
def test_no_dispute_can_be_answered_when_none_is_open(command: Event) -> None:
    with pytest.raises(errors.NoDisputeOpen):
        shipped().after(command, NOON)


def test_a_contested_dispute_goes_to_arbitration_with_its_own_window() -> None:
    contested = after(shipped(), disputed(PART), CONTEST, at=NOON + HOUR)
    assert contested.dispute is Dispute.ARBITRATION
    assert contested.dispute_deadline == NOON + HOUR + 30 * DAY
    for command in (CONTEST, events.AnswerLapsed()):
        with pytest.raises(errors.WrongStage):
            contested.after(command, NOON)


def test_only_arbitration_is_resolved_by_operators() -> None:
    for event in (split(PART, 0), events.ArbitrationLapsed()):
        with pytest.raises(errors.WrongStage):
            after(shipped(), disputed(PART)).after(event, NOON)


@pytest.mark.parametrize("contested", [(), (CONTEST,)])
def test_withdrawing_and_accepting_end_it_before_and_during_arbitration(
    contested: tuple[Event, ...],
) -> None:
    open_ = after(shipped(), disputed(PART), *contested)
    waiting = Stage.AWAITING_CONFIRMATION
    assert outcome(open_, WITHDRAW) == (waiting, PRICE, 0, 0)
    assert outcome(open_, ACCEPT) == (waiting, REST, 0, PART)


def test_accepting_a_dispute_about_everything_ends_the_purchase() -> None:
    assert outcome(after(paid(), disputed(PRICE)), ACCEPT) == (Stage.REFUNDED, 0, 0, PRICE)


def test_operators_divide_exactly_what_is_disputed() -> None:
    judged = after(shipped(), disputed(PART), CONTEST)
    for refund, release in ((PART, 1), (PART - 1, 0), (-1, PART + 1), (PART + 1, -1)):
        with pytest.raises(errors.SplitMismatch):
            judged.after(split(refund, release), NOON)
    waiting = Stage.AWAITING_CONFIRMATION
    assert outcome(judged, split(1_000, 3_000)) == (waiting, REST, 3_000, 1_000)


def test_a_decision_is_about_the_dispute_that_it_was_made_for() -> None:
    """Withdrawn and opened again meanwhile, for as much."""
    again = after(shipped(), disputed(PART), WITHDRAW, disputed(PART), CONTEST)
    with pytest.raises(errors.WrongStage, match="earlier dispute"):
        again.after(split(PART, 0, dispute=1), NOON)
    assert after(again, split(PART, 0, dispute=2)).amounts.refunded == PART


def test_a_merchant_that_neither_shipped_nor_answered_refunds() -> None:
    unshipped = after(paid(), disputed(PART))
    assert outcome(unshipped, events.AnswerLapsed()) == (Stage.AWAITING_SHIPMENT, REST, 0, PART)


def test_a_merchant_that_shipped_and_did_not_answer_is_judged() -> None:
    sent = after(paid(), disputed(PART), events.Shipped())
    assert after(sent, events.AnswerLapsed()).dispute is Dispute.ARBITRATION


def test_arbitration_nobody_decided_refunds() -> None:
    judged = after(shipped(), disputed(PRICE), CONTEST)
    assert outcome(judged, events.ArbitrationLapsed()) == (Stage.REFUNDED, 0, 0, PRICE)


@pytest.mark.parametrize("over", [CONFIRM, events.InspectionLapsed()])
def test_withdrawing_after_the_inspection_has_ended_releases(over: Event) -> None:
    part = after(shipped(), disputed(PART), over)
    assert (part.stage, part.amounts.released) == (Stage.AWAITING_CONFIRMATION, REST)
    assert outcome(part, WITHDRAW) == (Stage.COMPLETED, 0, PRICE, 0)


def test_withdrawing_after_shipping_has_lapsed_refunds() -> None:
    part = after(paid(), disputed(PART), events.ShipmentLapsed())
    assert (part.stage, part.amounts.refunded) == (Stage.AWAITING_SHIPMENT, REST)
    assert outcome(part, WITHDRAW) == (Stage.REFUNDED, 0, 0, PRICE)


def test_nothing_is_shipped_after_shipping_has_lapsed() -> None:
    part = after(paid(), disputed(PART), events.ShipmentLapsed())
    with pytest.raises(errors.WrongStage, match="shipping window"):
        part.after(events.Shipped(), NOON)


def test_after_a_dispute_the_last_money_names_the_end() -> None:
    rest_released = after(shipped(), disputed(PART), CONFIRM)
    assert outcome(rest_released, ACCEPT) == (Stage.COMPLETED, 0, REST, PART)


def test_confirming_releases_only_what_is_not_disputed() -> None:
    everything = after(shipped(), disputed(PRICE))
    with pytest.raises(errors.NothingHeld):
        everything.after(CONFIRM, NOON)


def test_fees_of_releases_in_parts_are_those_of_one() -> None:
    policy = FeePolicy(fixed=30, bps=333)
    escrow = after(shipped(fee=policy), disputed(PART), CONTEST)
    fees = 0
    for event in (split(1, PART - 1), CONFIRM):
        moved = escrow.after(event, NOON)
        fees += sum(leg.amount for leg in moved.legs if leg.credit.code == 4100)
        escrow = moved.escrow
    assert fees == policy.of(PRICE - 1)
