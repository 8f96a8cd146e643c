"""When a merchant that did not hear is told again (Standard Webhooks, about three days)."""

import hashlib
from datetime import timedelta

from webhooks.port import Notice

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: Up to a tenth more, so that a merchant that comes back is not met by everything at once.
MOST_JITTER = 0.1


def next_wait(attempt: int, notice: Notice) -> timedelta | None:
    """The wait after try number `attempt` of the durable retry; None when it is given up.

    The first try of all came before the retry, and its wait is `WAITS[0]`. The jitter follows
    from the notice and the attempt, so a replay computes the same.
    """
    if attempt >= len(WAITS):
        return None
    wait = WAITS[attempt]
    return wait + wait * MOST_JITTER * _share(attempt, notice)


def _share(attempt: int, notice: Notice) -> float:
    """From 0 to 1, the same for the same try."""
    seed = f"{notice.escrow_id}:{notice.sequence}:{attempt}".encode()
    return int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") / 2**32
