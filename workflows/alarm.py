"""The one timer of a purchase: set to the next deadline or reminder, whichever is earlier."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow


class Alarm:
    def __init__(self) -> None:
        self.at: datetime | None = None
        self.rang = False
        self._sleep: asyncio.Task[None] | None = None

    def set(self, at: datetime | None, summary: str) -> None:
        """Ring at `at` and not before; None: not at all. The same moment again changes nothing."""
        if at == self.at and not self.rang:
            return
        if self._sleep is not None and not self.rang:
            self._sleep.cancel()
        self.at, self.rang, self._sleep = at, False, None
        if at is not None:
            self._sleep = asyncio.create_task(self._ring(at - workflow.now(), summary))

    async def _ring(self, wait: timedelta, summary: str) -> None:
        if wait > timedelta(0):
            await workflow.sleep(wait, summary=summary)
        self.rang = True
