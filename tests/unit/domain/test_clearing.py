"""Clearing days, T+n and netting: each unit is paid once, and never before it is due."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clearing import (
    ClearingCalendar,
    OpenItem,
    PayoutTerms,
    due_on,
    lines_of_payout,
    total,
)

MONDAY = date(2026, 11, 23)
SHANGHAI = ClearingCalendar()
WORKDAYS = ClearingCalendar(weekend=frozenset({5, 6}), closed=frozenset({date(2026, 11, 24)}))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def item(amount: int, bank: str = "a", at: datetime = NOON, leg: int = 1) -> OpenItem:
    return OpenItem(f"{leg:032x}", leg, amount, at, bank, "esc_1", "receipt_confirmed")


def test_a_clearing_day_ends_at_the_cutoff_and_not_at_midnight() -> None:
    last = datetime(2026, 11, 23, 13, 59, 59, 999_999, tzinfo=UTC)
    assert SHANGHAI.day_of(last) == MONDAY
    assert SHANGHAI.day_of(last + timedelta(microseconds=1)) == date(2026, 11, 24)
    assert SHANGHAI.end(MONDAY) == datetime(2026, 11, 23, 14, tzinfo=UTC)


def test_the_cutoff_follows_the_wall_clock_through_a_change_of_summer_time() -> None:
    berlin = ClearingCalendar(cutoff=time(17), zone="Europe/Berlin")
    assert berlin.end(date(2026, 10, 24)).utctimetuple().tm_hour == 15
    assert berlin.end(date(2026, 10, 25)).utctimetuple().tm_hour == 16


def test_weekends_and_holidays_clear_nothing() -> None:
    friday = date(2026, 11, 20)
    assert WORKDAYS.later(friday, 1) == MONDAY
    assert WORKDAYS.later(MONDAY, 1) == date(2026, 11, 25)
    assert WORKDAYS.day_of(datetime(2026, 11, 21, 1, tzinfo=UTC)) == MONDAY


def test_a_day_is_cleared_once_it_is_over_and_not_on_a_weekend() -> None:
    friday, sunday = date(2026, 11, 20), datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert WORKDAYS.ended_by(sunday) == friday
    assert SHANGHAI.ended_by(sunday) == date(2026, 11, 22)
    assert SHANGHAI.ended_by(SHANGHAI.end(MONDAY)) == MONDAY
    assert SHANGHAI.ended_by(SHANGHAI.end(MONDAY) - timedelta(microseconds=1)) < MONDAY


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="no clearing day"):
        ClearingCalendar(weekend=frozenset(range(7))).later(MONDAY, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": -1},
        {"days": 31},
        {"minimum": 0},
        {"reserve_days": -1},
        {"reserve_days": 541},
        {"debt_limit": -1},
    ],
)
def test_payout_terms_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"payout|reserve|owe"):
        PayoutTerms(**wrong)


def test_a_credit_waits_its_days_and_a_debit_does_not() -> None:
    terms = PayoutTerms(days=2)
    assert due_on(item(5), terms, SHANGHAI) == date(2026, 11, 25)
    assert due_on(item(-5), terms, SHANGHAI) < MONDAY


@pytest.mark.parametrize("name", ["reserve_freed", "payout_failed", "payout_returned"])
def test_what_has_waited_before_does_not_wait_again(name: str) -> None:
    again = replace(item(5), name=name)
    assert total(lines_of_payout([again], "a", PayoutTerms(days=5), SHANGHAI, MONDAY)) == 5


def test_a_payout_below_the_minimum_waits() -> None:
    terms = PayoutTerms(days=0, minimum=100)
    assert lines_of_payout([item(99)], "a", terms, SHANGHAI, MONDAY) == ()
    assert total(lines_of_payout([item(60), item(40)], "a", terms, SHANGHAI, MONDAY)) == 100


def test_debits_of_other_banks_are_taken_off_too() -> None:
    lines = lines_of_payout(
        [item(100), item(-30, "b"), item(50, "b")], "a", PayoutTerms(days=0), SHANGHAI, MONDAY
    )
    assert total(lines) == 70


def test_banks_that_do_not_cover_the_debits_alone_do_it_together() -> None:
    items = [item(100, "a"), item(50, "b"), item(-120, "c")]
    terms = PayoutTerms(days=0)
    assert total(lines_of_payout(items, "b", terms, SHANGHAI, MONDAY)) == 30
    # Out of either bank the 30 could be paid: both keep enough.
    assert total(lines_of_payout(items, "a", terms, SHANGHAI, MONDAY)) == 30


def test_who_owes_more_than_is_due_is_paid_nothing() -> None:
    items = [item(100), item(-100)]
    assert lines_of_payout(items, "a", PayoutTerms(days=0), SHANGHAI, MONDAY) == ()


ITEMS = st.lists(
    st.builds(
        item,
        amount=st.integers(-1000, 1000).filter(bool),
        bank=st.sampled_from(["a", "b", "c", ""]),
        at=st.integers(0, 200).map(lambda hours: NOON + timedelta(hours=hours)),
        leg=st.integers(1, 10**9),
    ),
    max_size=30,
    unique_by=lambda one: one.leg,
)


@given(items=ITEMS, days=st.integers(0, 5), minimum=st.one_of(st.just(1), st.integers(1, 2000)))
def test_over_any_days_every_unit_is_paid_once_and_never_early(
    items: list[OpenItem], days: int, minimum: int
) -> None:
    terms = PayoutTerms(days=days, minimum=minimum)
    waiting, paid = list(items), 0
    for ahead in range(20):
        day = MONDAY + timedelta(days=ahead)
        known = [one for one in waiting if SHANGHAI.day_of(one.at) <= day]
        for bank in ("a", "b", "c"):
            lines = lines_of_payout(known, bank, terms, WORKDAYS, day)
            assert not lines or total(lines) >= minimum
            assert all(due_on(line, terms, WORKDAYS) <= day for line in lines)
            paid += total(lines)
            known = [one for one in known if one not in lines]
            waiting = [one for one in waiting if one not in lines]
    assert paid + total(waiting) == total(items)
    if minimum == 1:
        # Who is owed anything in the end has been paid.
        assert total(waiting) <= 0
