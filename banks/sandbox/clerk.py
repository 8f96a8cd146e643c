"""What falls due by the clock: freezes that end, work that was pending, memories that fade."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from banks.sandbox import mail
from banks.sandbox.clock import now
from banks.sandbox.errands import Errands
from banks.sandbox.outage import OUTAGES
from banks.sandbox.payments import Payments
from banks.sandbox.remittances import Remittances

TICK = 0.25

log = structlog.get_logger()


class Clerk:
    """`remembers` is how long a reference is known; later it would be a new order."""

    def __init__(
        self,
        pool: Any,
        payments: Payments,
        errands: Errands,
        remittances: Remittances,
        remembers: timedelta,
    ) -> None:
        self._pool = pool
        self._payments = payments
        self._errands = errands
        self._remittances = remittances
        self._remembers = remembers

    async def run(self) -> None:
        """Work for ever; a database that is away is waited for."""
        while True:
            try:
                await self.go_round()
            except OUTAGES as outage:
                log.warning("clerk waits for the database", error=repr(outage))
            await asyncio.sleep(TICK)

    async def go_round(self) -> None:
        """Everything that is due now, each in a transaction of its own."""
        for token in await self._due("payment", "token", "state = 'frozen' AND expires_at"):
            async with self._pool.acquire() as connection, connection.transaction():
                await self._payments.not_expired(connection, token)
        for token in await self._due("payment", "token", "state = 'processing' AND settles_at"):
            await self._payments.settle(token)
        for number in await self._due("errand", "id", "state = 'pending' AND due_at"):
            await self._errands.finish(number)
        for number in await self._due("remittance", "id", "due_at"):
            await self._remittances.go_on(number)
        await mail.show_due(self._pool)
        await self._pool.execute("DELETE FROM request WHERE at < $1", now() - self._remembers)

    async def _due(self, table: str, key: str, when: str) -> list[Any]:
        query = f"SELECT {key} FROM {table} WHERE {when} <= $1"  # noqa: S608 - our own three words
        return [row[key] for row in await self._pool.fetch(query, now())]
