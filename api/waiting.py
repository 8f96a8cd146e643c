"""Waiting for a purchase to change: one small query a tick for all who wait.

Reads never touch Temporal, so this looks at the rows that the ledger moves.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api.errors import TooManyWaiting, Unavailable

#: A person does not notice it, and PostgreSQL does not notice ten primary-key lookups a second.
TICK = timedelta(milliseconds=100)
#: Places in one process. Who waits costs some 10 kB and a share of one query, no connection.
PLACES = 1_000
#: Of them for one key's merchant, or for the link of one purchase.
PLACES_EACH = 100
#: Of them for a merchant with all its links together: nobody keeps all others out.
PLACES_OF_A_SHOP = 500
#: What a caller should wait before it asks for a place again.
RETRY_AFTER = 5

Versions = Callable[[Collection[str]], Awaitable[dict[str, int]]]


@dataclass(eq=False)
class Waiter:
    escrow_id: str
    version: int
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """`versions` reads the present version of each of some escrows."""

    def __init__(
        self,
        versions: Versions,
        *,
        places: int = PLACES,
        places_each: int = PLACES_EACH,
        places_of_a_shop: int = PLACES_OF_A_SHOP,
    ) -> None:
        self._versions = versions
        self._places, self._places_each = places, places_each
        self._places_of_a_shop = places_of_a_shop
        self._taken: Counter[str] = Counter()
        self._shops: Counter[str] = Counter()
        self._waiters: set[Waiter] = set()
        self._looking: asyncio.Task[None] | None = None
        self.stopped = False

    @contextlib.contextmanager
    def place(self, subject: str, shop: str) -> Iterator[None]:
        """Room for one who waits, at a purchase of `shop`. Raises TooManyWaiting, Unavailable."""
        if self._taken[subject] >= self._places_each:
            raise TooManyWaiting(retry_after=RETRY_AFTER)
        if self._shops[shop] >= self._places_of_a_shop:
            raise TooManyWaiting(retry_after=RETRY_AFTER)
        if self._taken.total() >= self._places:
            raise Unavailable("too many wait already", retry_after=RETRY_AFTER)
        self._taken[subject] += 1
        self._shops[shop] += 1
        try:
            yield
        finally:
            self._taken[subject] -= 1
            self._shops[shop] -= 1
            # Forgets whoever has no place any more.
            self._taken += Counter()
            self._shops += Counter()

    async def changed(self, escrow_id: str, version: int, patience: timedelta) -> None:
        """Return once the escrow is no longer at `version`, or when patience ends: look then."""
        if self.stopped or not patience:
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
        self.stopped = True
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


async def until_gone(request: Request, waiting: Awaitable[None]) -> None:
    """Wait, but not for a client that hangs up meanwhile."""
    tasks = [asyncio.ensure_future(waiting), asyncio.create_task(_gone(request))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _gone(request: Request) -> None:
    # A GET with a body that is too large is as good as gone.
    with contextlib.suppress(HTTPException):
        while (await request.receive())["type"] != "http.disconnect":
            pass
