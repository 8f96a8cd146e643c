"""How long to wait before a bank is asked again (docs/reference/banks.md)."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError

#: 5 s, 15 s, 30 s, 1 min, 5 min, then hourly: an unknown outcome is never given up.
DELAYS = tuple(timedelta(seconds=s) for s in (5, 15, 30, 60, 300))
HOURLY = timedelta(hours=1)


def bank_delay(attempt: int) -> timedelta:
    """The wait after try number `attempt`, which counts from 1."""
    return DELAYS[attempt - 1] if attempt <= len(DELAYS) else HOURLY


def ask_again(kind: str, reason: str, attempt: int) -> ApplicationError:
    """A retryable error that keeps the bank's own rhythm instead of Temporal's."""
    return ApplicationError(reason, type=kind, next_retry_delay=bank_delay(attempt))
