"""The client at the real API, directly and over a line that loses things."""

from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio

from danbao_client import AsyncDanbao, Retries
from tests.integration.api.client.bad_line import Line, bad_line
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank

#: As often as the client's own, without the waits between.
QUICK = Retries(first=0.01, longest=0.01)


@pytest_asyncio.fixture
async def line(served: str) -> AsyncIterator[Line]:
    async with bad_line(served) as line:
        yield line


@pytest_asyncio.fixture
async def danbao(served: str, shop: Shop, teller: ScriptedBank) -> AsyncIterator[AsyncDanbao]:
    """A merchant's, over a good line."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield AsyncDanbao(served, shop.key, http=http)


@pytest_asyncio.fixture
async def unlucky(line: Line, shop: Shop, teller: ScriptedBank) -> AsyncIterator[AsyncDanbao]:
    """The same merchant's, over the bad line."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield AsyncDanbao(line.url, shop.key, http=http, retries=QUICK)
