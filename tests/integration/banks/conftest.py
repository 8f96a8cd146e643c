from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest_asyncio

from runtime.embedded.postgres import PostgresServer
from tests.buyer import TLS
from tests.conftest import BankService
from tests.integration.banks.houses import House, built
from tests.integration.webhooks.sink import Sink, listening


@pytest_asyncio.fixture
async def house(bank: BankService) -> AsyncIterator[House]:
    """The bank of the whole session, which stays up."""
    headers = {"authorization": f"Bearer {bank.api_key}"}
    async with httpx2.AsyncClient(base_url=bank.url, headers=headers, verify=TLS) as api:
        yield House(bank.process, bank.url, bank.callback_secret, api)


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    """The merchant's door for the bank's reports."""
    async with listening() as open_door:
        yield open_door


@pytest_asyncio.fixture
async def mortal(postgres: PostgresServer, sink: Sink, tmp_path: Path) -> AsyncIterator[House]:
    """A bank of this test's own, which reports to `sink`, remembers for 2 s and may be killed."""
    house = await built(postgres, tmp_path / "bank.log", sink.url, remembers_seconds="2")
    await house.start()
    yield house
    await house.api.aclose()
    await house.process.stop()
