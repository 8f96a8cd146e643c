"""The sweeper starts what a door could not start, and outlives what keeps it from that."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.escrow import Escrow
from ledger.book import open_escrow
from ledger.reading import Reading
from tests import builders
from tests.integration.vault.conftest import K1, K2
from tests.integration.vault.shifts import Shifts
from vault.keys import mint
from vault.ring import Ring
from worker import sweep

OFTEN = timedelta(milliseconds=100)


@pytest_asyncio.fixture
async def left_alone(engine: AsyncEngine) -> str:
    """A purchase whose door died between its commit and the start."""
    terms = builders.terms(escrow_id=f"esc_{uuid4().hex}", opened_at=datetime.now(UTC))
    async with engine.begin() as connection:
        await open_escrow(connection, Escrow.opened(terms))
        await mint(connection, Ring.parse(K1), terms.escrow_id)
    return terms.escrow_id


@contextlib.asynccontextmanager
async def sweeping(shifts: Shifts, ring: str) -> AsyncIterator[asyncio.Task[None]]:
    client = await shifts.server.client("sweeper", shifts.codec(Ring.parse(ring)))
    sweeper = asyncio.create_task(sweep(client, Reading(shifts.engine), OFTEN))
    yield sweeper
    sweeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sweeper


async def test_a_missing_master_key_ends_no_sweeper(shifts: Shifts, left_alone: str) -> None:
    async with sweeping(shifts, K2) as sweeper:
        await asyncio.sleep(1)
        assert not sweeper.done()
        assert not await started(shifts.engine, left_alone)
    async with sweeping(shifts, f"{K2},{K1}"), asyncio.timeout(20):
        while True:
            if await started(shifts.engine, left_alone):
                return
            await asyncio.sleep(0.1)


async def started(engine: AsyncEngine, escrow_id: str) -> bool:
    query = text("SELECT started_at IS NOT NULL FROM escrow WHERE id = :id")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"id": escrow_id}))
