"""The bank, opened: its database, its counters, its clerk and its outbox."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import structlog

from banks.sandbox.batches import Batches
from banks.sandbox.clerk import Clerk
from banks.sandbox.days import Days
from banks.sandbox.errands import Errands
from banks.sandbox.faults import Faults
from banks.sandbox.outbox import Outbox
from banks.sandbox.payments import Payments
from banks.sandbox.remembered import Memory
from banks.sandbox.remittances import Remittances
from banks.sandbox.schema import bring_up_to_date
from banks.sandbox.settings import Settings
from banks.sandbox.visits import Visits
from banks.sandbox.wire import Wire

log = structlog.get_logger()

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
    remittances: Remittances
    visits: Visits
    memory: Memory
    days: Days
    batches: Batches


def missed(task: asyncio.Task[None]) -> None:
    """A bank whose outbox or clerk is gone does not stay open: whoever started it does it anew."""
    if not task.cancelled():
        log.error("the bank closes: a part of it is gone", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


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
        remittances = Remittances(pool, outbox)
        remembers = timedelta(seconds=settings.remembers_seconds)
        clerk = Clerk(pool, payments, errands, remittances, remembers)
        work = [asyncio.create_task(outbox.run()), asyncio.create_task(clerk.run())]
        for task in work:
            task.add_done_callback(missed)
        yield Bank(
            pool,
            settings.api_key.get_secret_value(),
            settings.public_url,
            wire,
            faults,
            payments,
            errands,
            remittances,
            Visits(pool),
            Memory(pool),
            Days(pool, faults),
            Batches(pool, faults),
        )
        for task in work:
            task.cancel()
        await asyncio.wait(work)
