"""The sweeper starts what a door could not start, and outlives what keeps it from that."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.escrow import Escrow
from domain.terms import Terms
from ledger.book import open_escrow
from ledger.reading import Reading
from tests import builders
from tests.integration.vault.conftest import K1, K2
from tests.integration.vault.shifts import Shifts
from vault.keys import mint
from vault.ring import Ring
from worker import sweeping

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
async def with_ring(shifts: Shifts, ring: str) -> AsyncIterator[Callable[[], bool]]:
    client = await shifts.server.client("sweeper", shifts.codec(Ring.parse(ring)))
    async with sweeping(client, Reading(shifts.engine), OFTEN) as sweeps:
        yield sweeps


class Broken(Reading):
    async def unstarted(self, older_than: timedelta, most: int = 100) -> list[Terms]:
        raise ValueError("a bug")


async def test_a_missing_master_key_ends_no_sweeper(shifts: Shifts, left_alone: str) -> None:
    async with with_ring(shifts, K2) as sweeps:
        await asyncio.sleep(1)
        assert sweeps()
        assert not await started(shifts.engine, left_alone)
    async with with_ring(shifts, f"{K2},{K1}"), asyncio.timeout(20):
        while True:
            if await started(shifts.engine, left_alone):
                return
            await asyncio.sleep(0.1)


async def test_a_bug_that_ends_the_sweeper_does_not_go_unnoticed(shifts: Shifts) -> None:
    client = await shifts.server.client("sweeper")
    async with sweeping(client, Broken(shifts.engine), OFTEN) as sweeps, asyncio.timeout(20):
        while sweeps():  # noqa: ASYNC110 - a task, not an event
            await asyncio.sleep(0.02)


async def started(engine: AsyncEngine, escrow_id: str) -> bool:
    query = text("SELECT started_at IS NOT NULL FROM escrow WHERE id = :id")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"id": escrow_id}))
