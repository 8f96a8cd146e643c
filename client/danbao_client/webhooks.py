"""Whether a webhook is Danbao's: Standard Webhooks, by the `standardwebhooks` package.

Only its signing is used. Its own `verify` raises ValueError for a signature without a comma, takes
any secret, however short, and allows five minutes and nothing else.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from standardwebhooks import Webhook

from danbao_client.errors import NotVerified, UnreadableAnswer
from danbao_client.events import Event, event

PREFIX = "whsec_"
#: Standard Webhooks: 24 to 64 bytes.
SHORTEST, LONGEST = 24, 64
TOLERANCE = timedelta(minutes=5)
#: Seconds since 1970 with fewer digits than a datetime can take.
MOST_DIGITS = 11


def verify_webhook(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    tolerance: timedelta = TOLERANCE,
    now: datetime | None = None,
) -> Event:
    """The event that `body` tells, once it is sure that Danbao sent it. Raises NotVerified.

    `body` is what arrived, before anything parses it. Two `secrets` are good while one replaces
    the other. A wrong secret of your own is a ValueError: it must not look like somebody's forgery.
    Raises UnreadableAnswer for a signed body that is no event.
    """
    raw = body.encode() if isinstance(body, str) else body
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("no secret to check a webhook with")
    said = {name.lower(): value for name, value in headers.items()}
    moment = _moment(said.get("webhook-timestamp", ""))
    if abs((now or datetime.now(UTC)) - moment) > tolerance:
        raise NotVerified("it was signed too long ago, or in the future: do the clocks agree?")
    if not _signed(raw, said, keys, moment):
        raise NotVerified("no signature of Danbao's is on it")
    return _event(raw)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as broken:
        raise ValueError(f"a webhook secret is {PREFIX} and base64") from broken
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"a webhook secret is {PREFIX} and {SHORTEST} to {LONGEST} bytes, base64")
    return key


def _moment(stamp: str) -> datetime:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= MOST_DIGITS):
        raise NotVerified("the header webhook-timestamp is missing, or no time")
    # Aware and in UTC: the package would write "UTC" over any other zone.
    return datetime.fromtimestamp(int(stamp), UTC)


def _signed(raw: bytes, said: Mapping[str, str], keys: Sequence[bytes], moment: datetime) -> bool:
    try:
        text = raw.decode()
    except UnicodeDecodeError as broken:
        raise NotVerified("the body is not UTF-8") from broken
    message = said.get("webhook-id", "")
    found = list(_signatures(said.get("webhook-signature", "")))
    if not message or not found:
        raise NotVerified("the headers webhook-id and webhook-signature are missing")
    wanted = [Webhook(key).sign(message, moment, text).encode() for key in keys]
    return any(hmac.compare_digest(one, other) for one in wanted for other in found)


def _signatures(header: str) -> Iterator[bytes]:
    """Each `v1,…` of the header; signatures of other kinds say nothing to us."""
    for signature in header.split():
        if signature.startswith("v1,"):
            yield signature.encode()


def _event(raw: bytes) -> Event:
    try:
        return event(json.loads(raw))
    except (ValidationError, ValueError) as broken:
        raise UnreadableAnswer(f"signed by Danbao, but no event: {broken}") from broken
