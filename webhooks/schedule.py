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


def next_wait(tries: int, notice: Notice) -> timedelta | None:
    """The wait after so many tries, from 1; None when it is given up.

    The jitter follows from the notice and the number, so that it is the same whoever asks.
    """
    if tries > len(WAITS):
        return None
    wait = WAITS[tries - 1]
    return wait + wait * MOST_JITTER * _share(tries, notice)


def _share(tries: int, notice: Notice) -> float:
    """From 0 to 1, the same for the same try."""
    seed = f"{notice.endpoint}:{notice.escrow_id}:{notice.sequence}:{tries}".encode()
    return int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") / 2**32
