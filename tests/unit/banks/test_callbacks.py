import json
from datetime import UTC, datetime, timedelta

import pytest

from banks.callbacks import (
    ForgedCallback,
    MalformedCallback,
    Report,
    StaleCallback,
    sign,
    verify,
)

SECRET = "a secret between a bank and us"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BODY = json.dumps({"event_id": "bev_1", "reference": "esc_1:payment:1", "type": "x"}).encode()


def signed(body: bytes = BODY, at: datetime = NOON, secret: str = SECRET) -> str:
    said = str(int(at.timestamp()))
    return f"t={said},v1={sign(said, body, secret)}"


def test_a_report_of_the_bank_is_read() -> None:
    assert verify(signed(), BODY, SECRET, NOON) == Report("bev_1", "esc_1:payment:1")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=00",
        "t=now,v1=" + "0" * 64,
        f"t={int(NOON.timestamp())},v1={'0' * 64}",
        f"t={int(NOON.timestamp())},v1={'0' * 63}é",
        signed(secret="another secret"),
        signed(body=BODY + b" "),
        signed() + "\n",
        signed().replace(",", ", "),
        signed(at=NOON - timedelta(seconds=1)).replace("t=17", "t=18"),
    ],
)
def test_whatever_is_not_signed_by_the_bank_is_forged(header: str) -> None:
    with pytest.raises(ForgedCallback):
        verify(header, BODY, SECRET, NOON)


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_a_recording_is_stale(minutes: int) -> None:
    with pytest.raises(StaleCallback):
        verify(signed(at=NOON - timedelta(minutes=minutes)), BODY, SECRET, NOON)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_a_little(minutes: int) -> None:
    report = verify(signed(at=NOON - timedelta(minutes=minutes)), BODY, SECRET, NOON)
    assert report.event_id == "bev_1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"event_id": 1, "reference": "r"}',
        b'{"event_id": "", "reference": "r"}',
        json.dumps({"event_id": "e", "reference": "r" * 201}).encode(),
    ],
)
def test_signed_nonsense_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedCallback):
        verify(signed(body=body), body, SECRET, NOON)
