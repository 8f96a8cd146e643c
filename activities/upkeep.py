"""Looking after the ledger: checkpoints, seals, and a loud word when a seal is broken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities.measures import gauge
from ledger.port import Head
from ledger.port import Upkeep as Ledger

#: How often a long look at the chain says that it goes on.
BEAT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Look:
    """Which seals: from number `since` on, and the head that was `known` after the last round."""

    since: int
    known: Head | None


class Upkeep:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @activity.defn
    async def roll_up(self) -> int:
        """Keep sums short; returns how many accounts have a new checkpoint."""
        return await self._ledger.roll_up()

    @activity.defn
    async def seal(self) -> Head:
        """Seal what is final, and publish the head: a log line and a metric of its number."""
        head = await self._ledger.seal()
        activity.logger.info("ledger sealed", extra={"seal": head.no, "hash": head.hash})
        gauge("danbao_ledger_seal", "The number of the newest seal.", head.no)
        return head

    @activity.defn
    async def broken_seals(self, look: Look) -> list[int]:
        """The seals that do not hold. Some is an alarm: somebody changed what was written."""
        async with beating():
            broken = await self._ledger.broken(look.since, look.known)
        gauge("danbao_ledger_broken_seals", "Seals found broken in the last look.", len(broken))
        if broken:
            activity.logger.error("THE LEDGER WAS CHANGED: seals are broken", extra={"no": broken})
        return broken


@contextlib.asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Tell Temporal now and then that we are alive, so that a dead worker is replaced soon."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT.total_seconds())

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
