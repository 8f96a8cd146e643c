"""A database that has purchases already keeps them through the migrations that came later."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.log import Log
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.postgres import PostgresServer

#: What a purchase's row says beside its ids; the rest is as an unpaid one has it.
ROW = """
    INSERT INTO escrow (id, merchant_id, order_id, currency, amount, funding, terms, version, stage,
        dispute, status, funded, held, disputed, released, refunded, authorised, "returning", bank,
        method, attempt, payment, declined, review, told)
    VALUES (:id, :merchant, 'A-1', 'EUR', 100, 'deduct', '{}', 1, 'awaiting_payment', 'none',
        'awaiting_payment', 0, 0, 0, 0, 0, 0, 0, '', '', 0, '', '', '', 1)
"""
STEP = """
    INSERT INTO transition (escrow_id, sequence, name, by, at, detail, hash)
    VALUES (:id, 1, 'created', 'merchant', now(), '{}', '')
"""
EVENT = """
    INSERT INTO event (id, escrow_id, sequence, transition, type, body, at)
    VALUES (:event, :id, 1, 1, 'escrow.created', '{}', now())
"""
MINE = [f"evt_{number}" for number in range(5)]


@pytest_asyncio.fixture
async def upgraded(postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """As before the event log, with the purchases of two merchants in it; then migrated."""
    owner_url = await postgres.create_database("danbao_before", "danbao_owner", ["danbao_app"])
    await migrate(owner_url, "0004")
    owner = pool(owner_url)
    for event in MINE:
        async with owner.begin() as connection:
            for merchant, told in (("mine", event), ("other", f"{event}_of_other")):
                said = {"id": f"esc_{told}", "merchant": merchant, "event": told}
                for statement in (ROW, STEP, EVENT):
                    await connection.execute(text(statement), said)
    await owner.dispose()
    await migrate(owner_url)
    app = pool(postgres.url("danbao_before", "danbao_app"))
    yield app
    await app.dispose()
    await postgres.drop_database("danbao_before")


async def test_events_from_before_the_log_stand_in_it_in_their_order(upgraded: AsyncEngine) -> None:
    log = Log(upgraded)
    page = await log.page("mine", None, 3)
    assert page is not None
    assert [event.id for event in page.events] == MINE[:3]
    rest = await log.page("mine", page.last, 3)
    assert rest is not None
    assert [event.id for event in rest.events] == MINE[3:]
    assert not rest.more
