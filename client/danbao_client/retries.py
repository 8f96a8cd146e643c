"""When a call is sent again, and after how long.

Sending again is safe: a GET changes nothing, and a command carries the same Idempotency-Key at
every try, so that it happens once. A definite no (any other 4xx) is never asked again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from danbao_client.errors import NoAnswer
from danbao_client.problems import IdempotencyKeyInFlight, Problem, ServerError, TooManyRequests

#: What may pass by itself. The API's own advice for 500 is to repeat with the same key.
PASSING = (TooManyRequests, ServerError, IdempotencyKeyInFlight)
#: Broken or silent lines. A wrong address or a request that cannot be sent stays wrong.
BROKEN = (
    httpx2.TimeoutException,
    httpx2.NetworkError,
    httpx2.RemoteProtocolError,
    httpx2.ProxyError,
)
#: Never done, whoever asks and however often.
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `most` more tries; waits double from `first` to `longest` seconds, less up to half.

    `Retry-After` is obeyed up to `patience` seconds; a longer one goes to the caller at once.
    """

    most: int = 4
    first: float = 0.5
    longest: float = 8
    patience: float = 60
    chance: Callable[[], float] = random.random

    def pause(self, tried: int, failed: Problem | NoAnswer) -> float:
        """Seconds until the next try after `tried` ones. Raises `failed` when there is none."""
        asked = (failed.retry_after or 0) if isinstance(failed, Problem) else 0
        if tried > self.most or asked > self.patience or not passing(failed):
            raise failed
        backoff: float = min(self.longest, self.first * 2 ** (tried - 1))
        # Somewhere in the upper half: many callers that failed together don't come together.
        jittered = backoff * (1 + self.chance()) / 2
        return max(jittered, asked + self.chance() * self.first if asked else 0)


def passing(failed: Problem | NoAnswer) -> bool:
    """Whether the same request may get another answer soon."""
    if isinstance(failed, NoAnswer):
        return True
    return isinstance(failed, PASSING) and failed.status != NOT_IMPLEMENTED


def retry_after(header: str) -> float | None:
    """Seconds from the header's number or date; None when it says neither."""
    said = header.strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    except OverflowError:
        return None
