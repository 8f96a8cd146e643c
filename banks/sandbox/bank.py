"""The bank, opened: its database, its counters, its clerk and its outbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2

from banks.sandbox.clerk import Clerk
from banks.sandbox.errands import Errands
from banks.sandbox.faults import Faults
from banks.sandbox.outbox import Outbox
from banks.sandbox.payments import Payments
from banks.sandbox.schema import bring_up_to_date
from banks.sandbox.settings import Settings
from banks.sandbox.visits import Visits
from banks.sandbox.wire import Wire

#: No statement of the bank takes long; a database that hangs shall not take all connections.
STATEMENT_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Bank:
    """What its doors need. `pool` is asyncpg's."""

    pool: Any
    api_key: str
    public_url: str
    wire: Wire
    faults: Faults
    payments: Payments
    errands: Errands
    visits: Visits


@contextlib.asynccontextmanager
async def opened(settings: Settings, wire: Wire) -> AsyncIterator[Bank]:
    """The bank with its tables up to date and its background work running."""
    pool = await asyncpg.create_pool(
        settings.dsn,
        min_size=1,
        max_size=settings.database_pool_size,
        command_timeout=STATEMENT_PATIENCE,
    )
    async with pool, httpx2.AsyncClient(trust_env=False) as client:
        async with pool.acquire() as connection:
            await bring_up_to_date(connection)
        secret = settings.callback_secret.get_secret_value()
        outbox = Outbox(pool, client, settings.callback_url, secret)
        faults = Faults(pool)
        await faults.load()
        payments = Payments(pool, outbox, faults, timedelta(seconds=settings.freeze_seconds))
        errands = Errands(pool, outbox, payments)
        clerk = Clerk(pool, payments, errands, timedelta(seconds=settings.remembers_seconds))
        work = [asyncio.create_task(outbox.run()), asyncio.create_task(clerk.run())]
        yield Bank(
            pool,
            settings.api_key.get_secret_value(),
            settings.public_url,
            wire,
            faults,
            payments,
            errands,
            Visits(pool),
        )
        for task in work:
            task.cancel()
        await asyncio.wait(work)
