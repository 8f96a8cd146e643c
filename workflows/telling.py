"""Merchants hear of a purchase in order, and never hold it up."""

import asyncio

from temporalio import workflow

from workflows import steps
from workflows.notice import keep_telling

with workflow.unsafe.imports_passed_through():
    from webhooks.port import Notice


class Teller:
    """Tells public events one batch after the other, so that one merchant hears them in order."""

    def __init__(self, escrow_id: str) -> None:
        self._escrow_id = escrow_id
        self._untold: list[Notice] = []
        self._telling: asyncio.Task[None] | None = None

    def tell(self, first: int, count: int) -> None:
        """Public events number `first` and on."""
        numbers = range(first, first + count)
        self._untold += [Notice(self._escrow_id, number) for number in numbers]
        if self._untold and self.done:
            self._telling = asyncio.create_task(self._tell_all())

    @property
    def done(self) -> bool:
        return self._telling is None or self._telling.done()

    async def _tell_all(self) -> None:
        while self._untold:
            batch, self._untold = self._untold, []
            for notice in await steps.tell(batch):
                await keep_telling(notice)
