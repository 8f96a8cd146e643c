"""What the rest of Danbao knows of telling a merchant."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Public event number `sequence` of a purchase; the messenger looks up what it says."""

    escrow_id: str
    sequence: int


class NotDelivered(Exception):
    """The merchant did not answer 2xx in time. `retry_after` is its own wish, if it had one."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class EndpointGone(Exception):
    """The merchant answered 410: it does not want this address to be told any more."""


class Messenger(Protocol):
    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        """One signed try. No endpoint is success: nobody asked to be told.

        Raises NotDelivered, EndpointGone.
        """
