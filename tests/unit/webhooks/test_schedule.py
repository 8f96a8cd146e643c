"""When a merchant that did not hear is told again."""

from datetime import timedelta

from webhooks.port import Notice
from webhooks.schedule import MOST_JITTER, WAITS, next_wait
from workflows.notice import FIRST_WAIT

ONE = Notice("esc_1", 1)


def test_the_waits_are_those_we_promise() -> None:
    minutes = [wait / timedelta(minutes=1) for wait in WAITS]

    assert WAITS[0] == FIRST_WAIT == timedelta(seconds=ONE.wait) == timedelta(seconds=5)
    assert minutes[1:] == [5, 30, 120, 300, 600, 840, 1200, 1440]


def test_each_wait_is_what_the_schedule_says_and_up_to_a_tenth_more() -> None:
    for tries, wait in enumerate(WAITS, start=1):
        given = [next_wait(tries, Notice(f"esc_{n}", 1)) for n in range(200)]

        assert all(one and wait <= one <= wait * (1 + MOST_JITTER) for one in given)
        assert len(set(given)) > 190, "merchants are told at moments of their own"


def test_after_three_days_it_is_given_up() -> None:
    waits = [next_wait(tries, ONE) for tries in range(1, len(WAITS) + 1)]

    assert timedelta(days=3) < sum(filter(None, waits), timedelta(0)) < timedelta(days=3.5)
    assert next_wait(len(WAITS) + 1, ONE) is None


def test_the_same_try_always_waits_as_long() -> None:
    assert next_wait(3, ONE) == next_wait(3, Notice("esc_1", 1))
    assert next_wait(3, ONE) != next_wait(3, Notice("esc_1", 2))
    assert next_wait(3, ONE) != next_wait(3, Notice("esc_1", 1, "whe_1"))
