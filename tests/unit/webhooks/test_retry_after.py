"""What a merchant's `Retry-After` means."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from webhooks.courier import LONGEST_RETRY_AFTER, retry_after


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("86401", LONGEST_RETRY_AFTER),
        ("9" * 400, LONGEST_RETRY_AFTER),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", timedelta(0)),
        ("Wed Oct 21 07:28:00 2015", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
    ],
)
def test_a_wish_is_understood_and_has_a_limit(said: str, wait: timedelta) -> None:
    assert retry_after({"retry-after": said}) == wait


def test_a_date_is_as_far_away_as_it_is() -> None:
    wait = retry_after(
        {"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    )

    assert wait is not None
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "-5",
        "1.5",
        "soon",
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +999999",
        "Mon, 01 Jan 99999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 99999999999999:00:00 GMT",
    ],
)
def test_what_makes_no_sense_is_no_wish(said: str) -> None:
    assert retry_after({"retry-after": said}) is None


def test_no_header_is_no_wish() -> None:
    assert retry_after({}) is None
