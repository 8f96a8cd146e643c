"""A crash between statement and commit leaves nothing, and the retry stores everything."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.escrow import Escrow
from tests import builders
from tests.builders import PRICE
from tests.conftest import ROOT, Database
from tests.integration.ledger.books import Books, record_uncommitted, step

TABLES = {"transition": 2, "event": 1, "transfer": 0}


async def test_a_client_killed_before_its_commit_leaves_nothing(
    books: Books, database: Database
) -> None:
    paying = await books.record(await books.open(), builders.started())
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.ledger.dying_writer",
        database.app_url, paying.terms.escrow_id,
        cwd=ROOT, env=dict(os.environ), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    try:
        assert await asyncio.wait_for(writer.stdout.readline(), timeout=30) == b"recorded\n"
    finally:
        writer.kill()
        await writer.wait()
    await nothing_is_stored_but_the_retry(books, paying)


async def test_a_backend_killed_before_the_commit_leaves_nothing(
    books: Books, superuser: AsyncEngine
) -> None:
    paying = await books.record(await books.open(), builders.started())
    paid = step(paying, builders.succeeded(paying))
    async with books.engine.connect() as connection:
        await record_uncommitted(connection, paid)
        backend = await connection.scalar(text("SELECT pg_backend_pid()"))
        await terminate(superuser, backend)
        with pytest.raises(DBAPIError):
            await connection.commit()
    await nothing_is_stored_but_the_retry(books, paying)


async def test_a_backend_killed_in_the_middle_of_recording_leaves_nothing(
    books: Books, superuser: AsyncEngine
) -> None:
    """It waits for a rival at the purchase's row, with its statement half done."""
    paying = await books.record(await books.open(), builders.started())
    async with superuser.connect() as rival:
        lock = text("SELECT FROM escrow WHERE id = :id FOR UPDATE")
        await rival.execute(lock, {"id": paying.terms.escrow_id})
        recording = asyncio.create_task(books.stored(paying, builders.succeeded(paying)))
        await terminate(superuser, await eventually(lambda: waiting(superuser)))
        with pytest.raises(DBAPIError):
            await recording
    await nothing_is_stored_but_the_retry(books, paying)


async def nothing_is_stored_but_the_retry(books: Books, paying: Escrow) -> None:
    escrow_id = paying.terms.escrow_id
    assert {table: await books.count(table, escrow_id) for table in TABLES} == TABLES
    assert await books.owed(paying.accounts.held) == 0
    assert await books.stored(paying, builders.succeeded(paying)) is None
    assert await books.owed(paying.accounts.held) == PRICE
    purchase = await books.reading.purchase(escrow_id)
    assert purchase is not None
    assert (purchase.version, purchase.row.held) == (3, PRICE)


async def waiting(superuser: AsyncEngine) -> int | None:
    """The backend of the application that waits for a row."""
    query = text("""
        SELECT pid FROM pg_stat_activity
        WHERE usename = 'danbao_app' AND wait_event_type = 'Lock' AND query LIKE '%moved AS%'
    """)
    async with superuser.connect() as connection:
        found: int | None = await connection.scalar(query)
        return found


async def terminate(superuser: AsyncEngine, backend: int | None) -> None:
    """And wait until it is gone."""
    gone = text("SELECT pg_terminate_backend(:pid, 10000)")
    async with superuser.connect() as connection:
        assert await connection.scalar(gone, {"pid": backend})


async def eventually(ask: Callable[[], Awaitable[int | None]]) -> int:
    async with asyncio.timeout(30):
        while True:
            if answer := await ask():
                return answer
            await asyncio.sleep(0.01)
