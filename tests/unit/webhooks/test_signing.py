"""Signatures as Standard Webhooks wants them, and the traps of the package that makes them."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks.signing import BadSecret, new_secret, signed_headers

BODY = '{"type":"escrow.paid","data":{"order_id":"书"}}'.encode()
#: From the examples of the Standard Webhooks specification.
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_hmac_sha256_over_id_timestamp_and_body() -> None:
    moment = datetime(2026, 3, 2, 12, tzinfo=UTC)

    headers = signed_headers("evt_1", BODY, [KEY], moment)

    key = base64.b64decode(KEY.removeprefix("whsec_"))
    over = b"evt_1." + headers["webhook-timestamp"].encode() + b"." + BODY
    signature = base64.b64encode(hmac.digest(key, over, hashlib.sha256)).decode()
    assert headers == {
        "webhook-id": "evt_1",
        "webhook-timestamp": "1772452800",
        "webhook-signature": f"v1,{signature}",
    }


def test_what_we_sign_verifies() -> None:
    secret = new_secret()

    headers = signed_headers("evt_1", BODY, [secret], datetime.now(UTC))

    assert Webhook(secret).verify(BODY, headers)["type"] == "escrow.paid"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_two_secrets_sign_side_by_side_and_either_verifies() -> None:
    new, old = new_secret(), new_secret()

    headers = signed_headers("evt_1", BODY, [new, old], datetime.now(UTC))

    first, second = headers["webhook-signature"].split(" ")
    assert first != second
    assert all(one.startswith("v1,") for one in (first, second))
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers)["type"] == "escrow.paid"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_a_moment_in_another_time_zone_is_the_same_moment() -> None:
    """The package would take Shanghai's noon for noon in Greenwich, eight hours off."""
    now = datetime.now(UTC)
    shanghai = now.astimezone(timezone(timedelta(hours=8)))

    headers = signed_headers("evt_1", BODY, [KEY], shanghai)

    assert headers == signed_headers("evt_1", BODY, [KEY], now)
    Webhook(KEY).verify(BODY, headers)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed_headers("evt_1", BODY, [KEY], datetime(2026, 3, 2, 12))  # noqa: DTZ001


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("whsec_" + base64.b64encode(b"x" * 23).decode(), id="23 bytes"),
        pytest.param("whsec_" + base64.b64encode(b"x" * 65).decode(), id="65 bytes"),
        pytest.param(KEY.removeprefix("whsec_"), id="no prefix"),
        pytest.param("whsec_", id="nothing"),
        pytest.param("whsec_not base64 at all, and long enough", id="not base64"),
    ],
)
def test_a_secret_that_is_none_signs_nothing(secret: str) -> None:
    """The package takes one byte for a key."""
    with pytest.raises(BadSecret):
        signed_headers("evt_1", BODY, [secret], datetime.now(UTC))


def test_secrets_are_not_repeated_and_long_enough() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in secrets} == {32}
