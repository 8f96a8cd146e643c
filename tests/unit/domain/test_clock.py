"""Deadlines, stopped clocks, reminders."""

from datetime import datetime, timedelta

import pytest

from domain import errors, events
from domain.escrow import Escrow
from domain.events import Event
from domain.states import ENDED, Party, Stage
from domain.terms import HoldExpiry
from tests.builders import (
    DAY,
    HOLD,
    HOUR,
    NOON,
    PRICE,
    after,
    capturing,
    disputed,
    frozen,
    opened,
    paid,
    paying,
    refund,
    securing,
    shipped,
    split,
    started,
    succeeded,
)
from tests.unit.domain.exploration import reachable

SECOND = timedelta(seconds=1)
CONFIRM = events.ReceiptConfirmed()
WITHDRAW = events.DisputeWithdrawn()


def at(later: timedelta) -> datetime:
    return NOON + later


def story(escrow: Escrow) -> list[tuple[str, timedelta]]:
    """What the clock does, and how long after `NOON`, when nobody else does anything."""
    told = []
    while (moment := escrow.next_wake_up) is not None:
        event = escrow.due(moment)
        assert event is not None
        told.append((event.name, moment - NOON))
        escrow = escrow.after(event, moment).escrow
    return told


def extended(by: Party, extension: timedelta) -> Event:
    return events.InspectionExtended(extension=extension, by=by)


def test_silence_ends_every_stage_in_its_own_way() -> None:
    assert story(opened()) == [("payment_lapsed", HOUR / 2)]
    assert story(paid()) == [("reminded", 4 * DAY), ("shipment_lapsed", 7 * DAY)]
    assert story(shipped()) == [
        ("reminded", 7 * DAY),
        ("reminded", 9 * DAY),
        ("inspection_lapsed", 10 * DAY),
    ]


def test_silence_ends_disputes_in_the_buyers_favour() -> None:
    unshipped = after(paid(), disputed(PRICE))
    assert story(unshipped) == [("answer_lapsed", 5 * DAY)]
    received = after(shipped(), disputed(PRICE))
    assert story(received) == [("answer_lapsed", 5 * DAY), ("arbitration_lapsed", 35 * DAY)]


def test_a_freeze_ends_when_the_issuer_lets_go() -> None:
    assert story(frozen()) == [
        ("hold_ending", 3 * DAY),
        ("reminded", 4 * DAY),
        ("hold_lapsed", HOLD),
    ]


def test_a_hold_that_outlasts_the_time_to_ship_is_nothing_to_be_warned_of() -> None:
    lasting = frozen(windows={"shipping": 4 * DAY}, hold_expiry=HoldExpiry.DEDUCT)
    assert story(lasting) == [("reminded", DAY), ("shipment_lapsed", 4 * DAY)]


def test_a_hold_shorter_than_its_warning_has_none() -> None:
    paid = succeeded(frozen(), until=NOON + 2 * DAY)
    assert story(after(paying(), paid))[0] == ("hold_lapsed", 2 * DAY)


def test_by_the_terms_frozen_money_is_deducted_a_day_before_the_hold_ends() -> None:
    asked = frozen(hold_expiry=HoldExpiry.DEDUCT)
    assert story(asked)[:3] == [
        ("hold_ending", 3 * DAY),
        ("early_deduction", 4 * DAY),
    ]


def test_a_hold_of_less_than_a_day_is_deducted_at_once() -> None:
    short = after(paying(hold_expiry=HoldExpiry.DEDUCT), succeeded(frozen(), until=NOON + HOUR))
    assert isinstance(short.due(NOON), events.EarlyDeduction)


def test_money_deducted_early_leaves_the_merchant_its_time_to_ship() -> None:
    taken = after(securing(), events.Captured(amount=PRICE), at=at(4 * DAY + HOUR))
    assert story(taken) == [("shipment_lapsed", 7 * DAY + HOUR)]


def test_an_early_deduction_is_tried_once() -> None:
    refused = after(securing(), events.CaptureRefused(code="issuer_down"), at=at(4 * DAY))
    assert story(refused) == [("hold_lapsed", HOLD)]


@pytest.mark.parametrize(
    ("inspection", "reminders"),
    [(10 * DAY, 2), (3 * DAY + SECOND, 2), (3 * DAY, 1), (DAY + SECOND, 1), (DAY, 0), (SECOND, 0)],
)
def test_reminders_fall_away_in_windows_no_longer_than_they_are(
    inspection: timedelta, reminders: int
) -> None:
    names = [name for name, _ in story(shipped(windows={"inspection": inspection}))]
    assert names == ["reminded"] * reminders + ["inspection_lapsed"]


def test_what_is_due_is_due_at_its_moment_and_not_before_and_is_never_refused() -> None:
    for escrow in reachable().states:
        moment = escrow.next_wake_up
        if moment is not None:
            event = escrow.due(moment)
            assert event is not None
            escrow.allows(event)
            assert escrow.due(moment - timedelta(microseconds=1)) is None


def test_nothing_is_ever_due_where_nothing_is_waited_for() -> None:
    asleep = [escrow for escrow in reachable().states if escrow.next_wake_up is None]
    assert {escrow.stage for escrow in asleep} == ENDED | {Stage.CAPTURING}
    assert all(escrow.due(NOON + 400 * DAY) is None for escrow in asleep)


def test_nobody_is_reminded_of_a_deadline_that_has_passed() -> None:
    """After an outage both are late: the deadline decides."""
    late = shipped().due(NOON + 11 * DAY)
    assert isinstance(late, events.InspectionLapsed)


def test_one_reminder_is_enough_for_two_that_were_missed() -> None:
    reminded = after(shipped(), events.Reminded(of=NOON + 10 * DAY), at=NOON + 9.5 * DAY)
    assert [name for name, _ in story(reminded)] == ["inspection_lapsed"]


def test_a_new_attempt_does_not_make_the_payment_window_longer() -> None:
    again = after(paying(), events.PaymentDeclined(attempt=1, code="limit"), started(), at=at(HOUR))
    assert again.deadline == NOON + HOUR / 2


def test_the_shipping_clock_stands_still_while_the_bank_deducts() -> None:
    taking = after(frozen(), events.Shipped(), at=at(2 * DAY))
    assert taking.next_wake_up is None
    refused = after(taking, events.CaptureRefused(code="issuer_down"), at=at(2 * DAY + HOUR))
    assert refused.deadline == NOON + 7 * DAY + HOUR


def test_a_freeze_that_ran_out_while_the_bank_deducted_is_over_at_once() -> None:
    refused = after(capturing(), events.CaptureRefused(code="expired"), at=NOON + HOLD)
    assert isinstance(refused.due(NOON + HOLD), events.HoldLapsed)


def test_a_dispute_about_a_part_lets_the_clock_go_on_for_the_rest() -> None:
    part = after(shipped(), disputed(100), at=at(DAY))
    assert part.deadline == NOON + 10 * DAY
    lapsed = after(part, events.InspectionLapsed(), at=at(10 * DAY))
    assert (lapsed.stage, lapsed.amounts.released) == (Stage.AWAITING_CONFIRMATION, PRICE - 100)
    assert lapsed.amounts.disputed == 100


def test_a_dispute_about_everything_stops_the_clock() -> None:
    stopped = after(shipped(), disputed(PRICE), at=at(DAY))
    assert (stopped.deadline, stopped.remaining) == (None, 9 * DAY)
    resumed = after(stopped, WITHDRAW, at=at(3 * DAY))
    assert (resumed.deadline, resumed.remaining) == (NOON + 12 * DAY, None)


def test_refunding_what_was_not_disputed_stops_the_clock_too() -> None:
    stopped = after(shipped(), disputed(100), refund(PRICE - 100), at=at(DAY))
    assert (stopped.deadline, stopped.remaining) == (None, 9 * DAY)


def test_a_stopped_clock_never_owes_time() -> None:
    stopped = after(shipped(), disputed(PRICE), at=at(11 * DAY))
    resumed = after(stopped, WITHDRAW, at=at(12 * DAY))
    assert resumed.deadline == NOON + 12 * DAY


def test_goods_shipped_during_a_dispute_about_everything_are_inspected_after_it() -> None:
    stopped = after(paid(), disputed(PRICE), at=at(DAY))
    arrived = after(stopped, events.Shipped(), at=at(2 * DAY))
    assert (arrived.deadline, arrived.remaining) == (None, 10 * DAY)
    assert after(arrived, WITHDRAW, at=at(3 * DAY)).deadline == NOON + 13 * DAY


def test_the_buyer_extends_once_by_three_days() -> None:
    longer = after(shipped(), extended(Party.BUYER, 3 * DAY))
    assert longer.deadline == NOON + 13 * DAY
    with pytest.raises(errors.ExtendedAlready):
        longer.after(extended(Party.BUYER, 3 * DAY), NOON)
    with pytest.raises(errors.ExtensionTooLong):
        shipped().after(extended(Party.BUYER, 2 * DAY), NOON)


def test_the_merchant_extends_freely_up_to_thirty_days_in_total() -> None:
    longer = after(shipped(), extended(Party.BUYER, 3 * DAY), extended(Party.MERCHANT, 20 * DAY))
    assert after(longer, extended(Party.MERCHANT, 7 * DAY)).deadline == NOON + 40 * DAY
    with pytest.raises(errors.ExtensionTooLong):
        longer.after(extended(Party.MERCHANT, 7 * DAY + SECOND), NOON)
    with pytest.raises(errors.ExtensionTooLong):
        longer.after(extended(Party.MERCHANT, timedelta(0)), NOON)


def test_an_extended_inspection_has_its_reminders_again() -> None:
    reminded = after(shipped(), events.Reminded(of=NOON + 10 * DAY), at=at(9 * DAY))
    longer = after(reminded, extended(Party.BUYER, 3 * DAY), at=at(9 * DAY))
    assert [moment for _, moment in story(longer)] == [10 * DAY, 12 * DAY, 13 * DAY]


def test_a_stopped_clock_can_be_extended() -> None:
    stopped = after(shipped(), disputed(PRICE), extended(Party.MERCHANT, DAY), at=at(DAY))
    assert stopped.remaining == 10 * DAY


def test_an_inspection_that_has_ended_cannot_be_extended() -> None:
    over = after(shipped(), disputed(100), CONFIRM)
    with pytest.raises(errors.NothingHeld):
        over.after(extended(Party.MERCHANT, DAY), NOON)


def test_delivery_restarts_an_inspection_that_would_end_later() -> None:
    longer = after(shipped(), extended(Party.MERCHANT, 30 * DAY))
    arrived = after(longer, events.Delivered(), at=at(5 * DAY))
    assert arrived.deadline == NOON + 15 * DAY


def test_delivery_never_makes_an_inspection_longer() -> None:
    assert after(shipped(), events.Delivered(), at=at(5 * DAY)).deadline == NOON + 10 * DAY


def test_of_two_deadlines_the_earlier_one_comes_first() -> None:
    part = after(shipped(), disputed(100), at=at(HOUR))
    assert story(part)[0] == ("answer_lapsed", 5 * DAY + HOUR)
    late = after(shipped(), disputed(100), events.DisputeContested(), at=at(HOUR))
    assert [name for name, _ in story(late)] == [
        "reminded",
        "reminded",
        "inspection_lapsed",
        "arbitration_lapsed",
    ]


def test_a_purchase_that_has_ended_has_no_clock() -> None:
    ended = after(shipped(), disputed(PRICE), events.DisputeContested(), split(1, PRICE - 1))
    assert (ended.stage, ended.next_wake_up) == (Stage.COMPLETED, None)
