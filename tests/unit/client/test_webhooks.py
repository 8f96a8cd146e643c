"""Danbao's signatures are believed, and nothing else is."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from danbao_client import EscrowEvent, Event, NotVerified, UnreadableAnswer, verify_webhook
from danbao_client.events import TYPES, EscrowPaid
from webhooks.signing import new_secret, signed_headers

GUIDE = (Path(__file__).parents[3] / "docs/guides/webhooks.md").read_text()
EXAMPLE = re.findall(r"```json\n(\{\n  \"type\".*?)```", GUIDE, flags=re.S)[0]
BODY = json.dumps(json.loads(EXAMPLE), separators=(",", ":")).encode()
SECRET, NEXT = new_secret(), new_secret()
PAID = "escrow.paid"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def signed(secret: str = SECRET, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
    return signed_headers("evt_1", body, [secret], at)


def test_what_we_sign_is_the_event_of_the_guide() -> None:
    event = verify_webhook(BODY, signed(), SECRET, now=NOW)
    assert isinstance(event, EscrowPaid)
    assert event.id == "evt_efefa32415db593db11556355234e3d1"
    assert event.sequence == 2
    assert event.escrow.status == "awaiting_shipment"
    assert event.escrow.deadline == datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert event.detail["amount"] == 10_000


def test_what_the_package_signs_is_verified_and_header_names_have_any_case() -> None:
    headers = {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("evt_1", NOW, BODY.decode()),
    }
    assert verify_webhook(BODY.decode(), headers, SECRET, now=NOW).type == "escrow.paid"


@pytest.mark.parametrize("secret", [SECRET, NEXT], ids=["this", "next"])
def test_two_secrets_are_good_while_one_replaces_the_other(secret: str) -> None:
    assert verify_webhook(BODY, signed(secret), [SECRET, NEXT], now=NOW).type == PAID


def test_a_sender_may_sign_with_both_its_secrets() -> None:
    headers = signed(NEXT)
    headers["webhook-signature"] = f"{headers['webhook-signature']} {signed()['webhook-signature']}"
    assert verify_webhook(BODY, headers, SECRET, now=NOW).type == PAID


def test_another_secret_is_not_believed() -> None:
    with pytest.raises(NotVerified, match="no signature"):
        verify_webhook(BODY, signed(new_secret()), [SECRET, NEXT], now=NOW)


def test_a_changed_body_is_not_believed() -> None:
    with pytest.raises(NotVerified):
        verify_webhook(BODY.replace(b"10000", b"99999"), signed(), SECRET, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_a_changed_header_is_not_believed(name: str) -> None:
    with pytest.raises(NotVerified):
        verify_webhook(BODY, signed() | {name: "1772452801"}, SECRET, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_not_believed(name: str) -> None:
    headers = {known: value for known, value in signed().items() if known != name}
    with pytest.raises(NotVerified):
        verify_webhook(BODY, headers, SECRET, now=NOW)


@pytest.mark.parametrize("off", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_clocks_may_differ_by_the_tolerance(off: timedelta) -> None:
    assert verify_webhook(BODY, signed(), SECRET, now=NOW + off).type == PAID
    further = off + off / 300
    with pytest.raises(NotVerified, match="clocks"):
        verify_webhook(BODY, signed(), SECRET, now=NOW + further)
    assert (
        verify_webhook(BODY, signed(), SECRET, now=NOW + further, tolerance=abs(further)).type
        == PAID
    )


def test_the_time_is_now_unless_somebody_says_otherwise() -> None:
    assert verify_webhook(BODY, signed(at=datetime.now(UTC)), SECRET).type == PAID
    with pytest.raises(NotVerified):
        verify_webhook(BODY, signed(at=datetime.now(UTC) - timedelta(hours=1)), SECRET)


def test_a_zone_changes_nothing() -> None:
    """The package writes UTC over whatever zone a time has."""
    shanghai = timezone(timedelta(hours=8))
    assert verify_webhook(BODY, signed(at=NOW.astimezone(shanghai)), SECRET, now=NOW).type == PAID
    assert verify_webhook(BODY, signed(), SECRET, now=NOW.astimezone(shanghai)).type == PAID


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v1,é", "v1a,AAAA", ",", "v1,AAAA v1"])
def test_a_signature_that_is_none_is_not_believed(signature: str) -> None:
    """The package raises ValueError where a comma is missing."""
    with pytest.raises(NotVerified):
        verify_webhook(BODY, signed() | {"webhook-signature": signature}, SECRET, now=NOW)


@pytest.mark.parametrize("stamp", ["nan", "inf", "-1", "1772452800.5", "٣", "9" * 30, "1e9"])
def test_a_time_that_is_none_is_not_believed(stamp: str) -> None:
    with pytest.raises(NotVerified):
        verify_webhook(BODY, signed() | {"webhook-timestamp": stamp}, SECRET, now=NOW)


def test_a_body_that_is_no_text_is_not_believed() -> None:
    with pytest.raises(NotVerified):
        verify_webhook(b"\xff", signed(), SECRET, now=NOW)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        pytest.param(SECRET.removeprefix("whsec_"), id="no prefix"),
        "whsec_not base64",
        "whsec_" + base64.b64encode(b"short").decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
    ],
)
def test_a_secret_that_is_none_is_the_merchants_mistake(secret: str) -> None:
    """The package takes any, and a secret of five bytes can be guessed."""
    with pytest.raises(ValueError, match="webhook secret"):
        verify_webhook(BODY, signed(), secret, now=NOW)


def test_no_secret_at_all_verifies_nothing() -> None:
    with pytest.raises(ValueError, match="no secret"):
        verify_webhook(BODY, signed(), [], now=NOW)


def test_every_type_of_the_guide_has_its_class() -> None:
    table = GUIDE.split("| `type` | Means |")[1].split("\n\n")[0]
    assert set(re.findall(r"`((?:escrow|payout)\.[\w.]+)`", table)) == set(TYPES)


def told(**changes: Any) -> Event:
    body = json.dumps(json.loads(EXAMPLE) | changes).encode()
    return verify_webhook(body, signed(body=body), SECRET, now=NOW)


def test_a_newer_type_is_an_event_all_the_same() -> None:
    newer = told(type="escrow.polished", extra={"new": 1})
    assert type(newer) is EscrowEvent
    assert newer.sequence == 2
    other = told(type="weather.changed", data={"id": "evt_9", "weather": {}})
    assert type(other) is Event
    assert other.id == "evt_9"


@pytest.mark.parametrize("body", [b"[]", b"no json", b'{"type": "escrow.paid"}', b'"escrow.paid"'])
def test_signed_nonsense_is_not_a_forgery(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        verify_webhook(body, signed(body=body), SECRET, now=NOW)
