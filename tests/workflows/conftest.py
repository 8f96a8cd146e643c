"""A real Temporal server of its own, real workers, and parts that a test can script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from webhooks.schedule import next_wait

from activities.bookkeeping import Bookkeeping
from activities.funding import Funding
from activities.notices import Notices
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.workflows.parts import MemoryBook, MemoryOperations, ScriptedBank, ScriptedMerchant
from tests.workflows.world import World
from worker import activities, bank_activities, workers


@pytest_asyncio.fixture(scope="session")
async def world(server_home: Path) -> AsyncIterator[World]:
    server = TemporalServer(
        server_home / "temporal-workflows", keep=False, dynamic_config=TIME_SKIPPING
    )
    await server.start()
    client = await server.client("w")
    bank, book, merchant = ScriptedBank(), MemoryBook(), ScriptedMerchant()
    operations = MemoryOperations()
    funding = Funding({"sandbox": bank}, operations)
    local = activities(funding, Bookkeeping(book), Notices(merchant, next_wait))
    stories, banking = workers(client, local, bank_activities(funding))
    # Clocks stand until a test moves them; the default jumps from timer to timer by itself.
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    async with stories, banking:
        yield World(client, skipper, bank, operations, book, merchant)
    await server.stop()
