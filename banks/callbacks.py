"""What a bank reports by itself: who it is from and how old it is, checked without any I/O.

    Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and the raw body>

CallbackRejected
├── ForgedCallback      not signed with our shared secret
├── StaleCallback       signed longer ago (or further ahead) than TOLERANCE: a recording
└── MalformedCallback   truly the bank's, and not what it promised to send
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A bank signs anew at every try, so an honest late report is never old.
TOLERANCE = timedelta(minutes=5)

SIGNATURE = re.compile(r"t=(?P<at>\d{1,12}),v1=(?P<digest>[0-9a-f]{64})", re.ASCII)
LONGEST_NAME = 200


class CallbackRejected(Exception):
    """Nothing was believed and nothing may be changed."""


class ForgedCallback(CallbackRejected):
    pass


class StaleCallback(CallbackRejected):
    pass


class MalformedCallback(CallbackRejected):
    pass


@dataclass(frozen=True, slots=True)
class Report:
    """A hint that something happened to `reference`; what did, only the bank's `find` says."""

    event_id: str
    reference: str


def verify(signature: str, body: bytes, secret: str, now: datetime) -> Report:
    """What the bank reports. `signature` is the header, `body` the bytes as they came.

    Raises ForgedCallback, StaleCallback, MalformedCallback.
    """
    said = SIGNATURE.fullmatch(signature)
    if said is None:
        raise ForgedCallback("the signature header is missing or has another form")
    if not hmac.compare_digest(said["digest"], sign(said["at"], body, secret)):
        raise ForgedCallback("the signature is not the bank's")
    if abs(now.timestamp() - int(said["at"])) > TOLERANCE.total_seconds():
        raise StaleCallback("the signature's time is too far from now")
    return _read(body)


def sign(at: str, body: bytes, secret: str) -> str:
    """Hex HMAC-SHA256 as the bank computes it; `at` in unix seconds."""
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _read(body: bytes) -> Report:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise MalformedCallback("the body is not JSON") from broken
    match said:
        case {"event_id": str(event_id), "reference": str(reference)}:
            if 0 < len(event_id) <= LONGEST_NAME and 0 < len(reference) <= LONGEST_NAME:
                return Report(event_id, reference)
    raise MalformedCallback("the body lacks event_id or reference")
