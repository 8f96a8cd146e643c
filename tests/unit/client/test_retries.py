"""What is sent again, and after how long."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from danbao_client import NoAnswer, Problem, Retries
from danbao_client.problems import problem
from danbao_client.retries import retry_after

SILENCE = NoAnswer("nobody is there", "k-1")
BUSY = problem(503, {"code": "unavailable"})


def sure(chance: float) -> Retries:
    return Retries(chance=lambda: chance)


def test_waits_double_and_are_bounded() -> None:
    most = Retries(most=9, chance=lambda: 1)
    waits = [most.pause(tried, SILENCE) for tried in range(1, 8)]
    assert waits == [0.5, 1, 2, 4, 8, 8, 8]


def test_chance_takes_off_up_to_half() -> None:
    assert sure(0).pause(2, SILENCE) == 0.5
    assert sure(1).pause(2, SILENCE) == 1
    assert 0.5 <= Retries().pause(2, SILENCE) <= 1


@pytest.mark.parametrize("failed", [SILENCE, BUSY])
def test_after_the_last_try_the_failure_is_raised(failed: Problem | NoAnswer) -> None:
    with pytest.raises(type(failed)) as raised:
        Retries(most=4).pause(5, failed)
    assert raised.value is failed
    with pytest.raises(type(failed)):
        Retries(most=0).pause(1, failed)


def test_the_api_is_left_alone_for_as_long_as_it_says() -> None:
    asked = problem(429, {"code": "rate_limited"}, retry_after=7)
    assert sure(0).pause(1, asked) == 7
    assert sure(1).pause(1, asked) == 7.5


def test_a_wait_that_is_too_long_is_the_callers() -> None:
    asked = problem(503, {"code": "unavailable"}, retry_after=3600)
    with pytest.raises(Problem) as raised:
        Retries().pause(1, asked)
    assert raised.value.retry_after == 3600


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "rate_limited"),
        (500, "internal_error"),
        (502, ""),
        (503, "unavailable"),
        (504, ""),
        (409, "idempotency_key_in_flight"),
    ],
)
def test_what_may_pass_is_tried_again(status: int, code: str) -> None:
    assert Retries().pause(1, problem(status, {"code": code})) > 0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (301, ""),
        (400, "idempotency_key_missing"),
        (401, "invalid_api_key"),
        (404, "not_found"),
        (408, ""),
        (409, "wrong_stage"),
        (409, "bank_undecided"),
        (409, "brand_new"),
        (422, "invalid_request"),
        (425, ""),
        (501, ""),
    ],
)
def test_a_definite_no_is_not_asked_again(status: int, code: str) -> None:
    with pytest.raises(Problem):
        Retries().pause(1, problem(status, {"code": code}))


def test_retry_after_is_seconds_or_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    assert retry_after("7") == 7
    assert retry_after(format_datetime(soon, usegmt=True)) == pytest.approx(600, abs=30)
    assert retry_after("Sun, 06 Nov 1994 08:49:37 GMT") == 0
    assert retry_after("Sunday, 06-Nov-94 08:49:37 GMT") == 0


#: Dates that no clock can show.
NEVER = [
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
]


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "٣", *NEVER])
def test_a_wish_that_makes_no_sense_is_none(header: str) -> None:
    assert retry_after(header) is None
