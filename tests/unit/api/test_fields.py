from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.fields import (
    Amount,
    Currency,
    Duration,
    Email,
    Line,
    OrderId,
    WebAddress,
    iso_duration,
    parse_duration,
)


@given(st.integers(min_value=0, max_value=400 * 86_400))
def test_a_duration_of_whole_seconds_survives_being_written_and_read(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(iso_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P7D", timedelta(days=7)),
        ("PT30M", timedelta(minutes=30)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("PT1S", timedelta(seconds=1)),
        ("PT0S", timedelta(0)),
    ],
)
def test_durations_are_iso_8601(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "value",
    [
        "", "P", "PT", "P1DT", "7D", "P7", "P-1D", "-P1D", "P1Y", "P1M", "P1.5D", "p7d", "P7D ",
        "P٧D", "P9999999D", 7, 7.5, None, True, ["P7D"],
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(value)


@pytest.mark.parametrize("value", [1.0, 1.5, "1", True, None, [1], {}, float("inf")])
def test_only_whole_numbers_are_amounts(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Amount).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Line, ""),
        (Line, "   "),
        (Line, "x" * 201),
        (Line, "a\x00b"),
        (Line, "two\nlines"),
        (Line, "\ud800"),
        (Line, 7),
        (OrderId, ""),
        (OrderId, "x" * 65),
        (OrderId, " A-1"),
        (OrderId, "A 1"),
        (OrderId, "A-1\n"),
        (OrderId, "-A"),
        (OrderId, "订单"),
        (OrderId, "A\x00"),
        (Currency, "x" * 17),
        (Currency, "C\x00Y"),
        (Email, "nobody"),
        (Email, "a@b"),
        (Email, "a b@c.de"),
        (Email, "a@b..de"),
        (Email, "a@" + "b" * 260 + ".de"),
        (WebAddress, "shop.example"),
        (WebAddress, "javascript:alert(1)"),
        (WebAddress, "ftp://shop.example"),
        (WebAddress, "http://shop.example"),
        (WebAddress, "https://"),
        (WebAddress, "https://user:password@shop.example"),
        (WebAddress, "https://shop.example\\@evil.example"),
        (WebAddress, "https://shop.example/\r\nSet-Cookie:x"),
        (WebAddress, "https://[::1"),
        (WebAddress, "https://shop.example/" + "x" * 2000),
    ],
)
def test_texts_that_could_do_harm_are_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Line, "一双登山靴"),
        (OrderId, "A-1001"),
        (OrderId, "2026/11:23_x.#4"),
        (Email, "buyer@example.com"),
        (Email, "买家@例子.公司"),
        (WebAddress, "https://shop.example/orders?id=1#top"),
        (WebAddress, "http://127.0.0.1:9000/"),
    ],
)
def test_what_people_really_use_is_taken(kind: Any, value: object) -> None:
    assert TypeAdapter(kind).validate_python(value) == value
