from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.escrow import Escrow
from ledger.book import open_escrow
from ledger.reading import Reading
from tests.builders import terms
from tests.integration.webhooks.merchant import Merchant
from tests.integration.webhooks.sink import Sink, listening
from webhooks.courier import courier
from webhooks.endpoints import Wanted, add
from webhooks.messenger import WebhookMessenger
from webhooks.port import Notice


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    async with listening() as sink:
        yield sink


@pytest_asyncio.fixture
async def messenger(engine: AsyncEngine) -> AsyncIterator[WebhookMessenger]:
    async with courier() as post:
        yield WebhookMessenger(post, engine, Reading(engine))


@pytest_asyncio.fixture
async def merchant(engine: AsyncEngine, sink: Sink) -> Merchant:
    """A merchant who listens at `sink`, with one purchase that was just created."""
    merchant_id, escrow_id = f"mer_{uuid4().hex}", f"esc_{uuid4().hex}"
    order = Escrow.opened(terms(escrow_id=escrow_id, merchant_id=merchant_id, order_id="书 №1 «ü»"))
    async with engine.begin() as connection:
        await open_escrow(connection, order)
        endpoint = await add(connection, merchant_id, Wanted(sink.url), livemode=False)
    return Merchant(merchant_id, endpoint, Notice(escrow_id, 1, endpoint.id))
