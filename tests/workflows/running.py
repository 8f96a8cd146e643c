"""A real Temporal server of its own, real workers, and parts that a test can script."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.bookkeeping import Bookkeeping
from activities.funding import Funding
from activities.notices import Notices
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.workflows.parts import MemoryBook, MemoryOperations, ScriptedBank, ScriptedMerchant
from tests.workflows.world import World
from worker import activities, bank_activities, workers


@contextlib.asynccontextmanager
async def running_world(home: Path) -> AsyncIterator[World]:
    server = TemporalServer(home, keep=False, dynamic_config=TIME_SKIPPING)
    await server.start()
    client = await server.client("worker")
    bank, other = ScriptedBank(), ScriptedBank()
    book, merchant = MemoryBook(), ScriptedMerchant()
    operations = MemoryOperations()
    funding = Funding(
        {"sandbox": bank, "other": other}, operations, "http://shop.invalid/pay/{}".format
    )
    local = activities(funding, Bookkeeping(book), Notices(merchant))
    stories, banking = workers(client, local, bank_activities(funding))
    # Clocks stand until a test moves them; the default jumps from timer to timer by itself.
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    try:
        async with stories, banking:
            yield World(client, skipper, bank, other, operations, book, merchant)
    finally:
        await server.stop()
