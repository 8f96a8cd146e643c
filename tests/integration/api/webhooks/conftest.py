from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.webhooks.sink import Sink, listening


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    """The merchant's own server."""
    async with listening() as sink:
        yield sink
