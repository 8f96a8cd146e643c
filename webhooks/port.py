"""What the rest of Danbao knows of telling a merchant."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Public event number `sequence` of a purchase; the messenger looks up what it says.

    `endpoint` is whom it is for, "" while that is not known: then for all who asked for it.
    `wait` are the seconds until the next try, `reason` says in a word why the last one failed.
    """

    escrow_id: str
    sequence: int
    endpoint: str = ""
    wait: float = 5.0
    reason: str = ""


class NotDelivered(Exception):
    """Not answered 2xx in time. `wait` until the next try, None when the schedule can't say."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Parked(Exception):
    """Not answered 2xx in time, and the schedule has ended: whoever wants it asks for it again."""


class EndpointGone(Exception):
    """Nobody is to be told there: it answered 410, or was switched off or deleted meanwhile."""


class Messenger(Protocol):
    async def announce(
        self, notice: Notice, timeout: timedelta, silent: Collection[str] = ()
    ) -> list[Notice]:
        """One signed try at every endpoint that asked for this event, all at the same time.

        Answers those that did not hear it, each as a notice of its own, also every one that is
        in `silent`, which are not tried. Raises NotDelivered when there is nothing to tell yet.
        """

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        """One signed try at the notice's endpoint. Raises NotDelivered, Parked, EndpointGone."""
