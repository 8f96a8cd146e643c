"""What every process of the API does for wallets besides answering: nothing of it is lost with it.

What is to be done stands in PostgreSQL. A page that has written some of it rings, so that it is
done at once; what another process wrote, and died, is found at the next look.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

#: Between two looks that nobody rang for.
LOOK = timedelta(seconds=2)

log = structlog.get_logger()


class Bell:
    """Rung when there is something to do."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, patience: timedelta) -> None:
        """Until it is rung, but not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                await self._rung.wait()
        self._rung.clear()


async def keep_doing(do: Callable[[], Awaitable[int]], bell: Bell, what: str) -> None:
    """`do` over and over; while it finds something, without a pause."""
    while True:
        try:
            while await do():
                pass
        except (SQLAlchemyError, OSError) as outage:
            log.warning(f"{what}: not done yet", error=type(outage).__name__)
        await bell.wait(LOOK)
