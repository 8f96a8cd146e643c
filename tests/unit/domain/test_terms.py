from datetime import datetime, timedelta

import pytest

from domain.errors import AmountOutOfRange, UnknownCurrency, WindowOutOfRange
from domain.terms import WINDOWS, Windows
from tests.builders import terms


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_may_be_as_short_and_as_long_as_the_rule_book_says(name: str) -> None:
    _, shortest, longest = WINDOWS[name]
    for window in (shortest, longest):
        assert getattr(Windows(**{name: window}), name) == window


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_beyond_that_is_refused(name: str) -> None:
    _, shortest, longest = WINDOWS[name]
    a_moment = timedelta(microseconds=1)
    for window in (shortest - a_moment, longest + a_moment, timedelta(0)):
        with pytest.raises(WindowOutOfRange, match=name):
            Windows(**{name: window})


def test_the_windows_are_those_of_the_rule_book() -> None:
    days = {name: tuple(str(limit) for limit in limits) for name, limits in WINDOWS.items()}
    second = "0:00:01"
    assert days == {
        "payment": ("0:30:00", second, "15 days, 0:00:00"),
        "shipping": ("7 days, 0:00:00", second, "90 days, 0:00:00"),
        "inspection": ("10 days, 0:00:00", second, "90 days, 0:00:00"),
        "answer": ("5 days, 0:00:00", second, "30 days, 0:00:00"),
        "arbitration": ("30 days, 0:00:00", second, "60 days, 0:00:00"),
    }


def test_terms_have_a_possible_price() -> None:
    with pytest.raises(AmountOutOfRange):
        terms(amount=0)
    with pytest.raises(UnknownCurrency):
        terms(currency="XXX")


def test_terms_say_in_which_time_zone_they_began() -> None:
    with pytest.raises(ValueError, match="time zone"):
        terms(opened_at=datetime(2026, 3, 2))  # noqa: DTZ001


@pytest.mark.parametrize("bps", [-1, 10_001])
def test_no_more_than_everything_is_kept_in_reserve(bps: int) -> None:
    with pytest.raises(ValueError, match="reserve_bps"):
        terms(reserve_bps=bps)
