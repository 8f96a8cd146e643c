"""Waiting for a purchase to change: one small query a tick for all who wait.

Reads never touch Temporal, so this looks at the rows that the ledger moves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

#: A person does not notice it, and PostgreSQL does not notice ten primary-key lookups a second.
TICK = timedelta(milliseconds=100)

Versions = Callable[[Collection[str]], Awaitable[dict[str, int]]]


@dataclass(eq=False)
class Waiter:
    escrow_id: str
    version: int
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """`versions` reads the present version of each of some escrows."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._waiters: set[Waiter] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False

    async def changed(self, escrow_id: str, version: int, patience: timedelta) -> None:
        """Return once the escrow is no longer at `version`, or when patience ends: look then."""
        if self._stopped or not patience:
            return
        waiter = Waiter(escrow_id, version)
        self._waiters.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await waiter.changed.wait()
        except TimeoutError:
            return
        finally:
            self._waiters.discard(waiter)

    def stop(self) -> None:
        """Send everybody home: a process that is leaving must not wait for who waits."""
        self._stopped = True
        self._wake(self._waiters)

    async def _look(self) -> None:
        while self._waiters:
            await asyncio.sleep(TICK.total_seconds())
            try:
                versions = await self._versions({waiter.escrow_id for waiter in self._waiters})
            except (SQLAlchemyError, OSError):
                # Whoever waits looks for itself now, and says what is wrong.
                self._wake(self._waiters)
                return
            self._wake([w for w in self._waiters if versions.get(w.escrow_id) != w.version])

    def _wake(self, waiters: Collection[Waiter]) -> None:
        for waiter in waiters:
            waiter.changed.set()
