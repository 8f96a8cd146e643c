"""Standard Webhooks signatures, by the `standardwebhooks` package and around its traps."""

import base64
import binascii
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
#: Standard Webhooks: 24 to 64 bytes.
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64


class BadSecret(ValueError):
    """A signing secret is `whsec_` and the base64 of 24 to 64 bytes."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(
    event_id: str, body: bytes, signers: Iterable[str], at: datetime
) -> dict[str, str]:
    """The three headers over `id.timestamp.body`, with one signature by each secret in `signers`.

    Raises BadSecret, ValueError for a naive `at`.
    """
    if at.tzinfo is None:
        raise ValueError("a signature's moment must say its time zone")
    # The package writes "UTC" over whatever zone it is given.
    moment = at.astimezone(UTC)
    text = body.decode()
    signatures = [Webhook(_key(secret)).sign(event_id, moment, text) for secret in signers]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSecret(str(BadSecret.__doc__)) from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(str(BadSecret.__doc__))
    return key
