from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest_asyncio

from runtime.embedded.postgres import PostgresServer
from tests.buyer import TLS
from tests.conftest import BankService
from tests.integration.banks.houses import House, built, running
from tests.integration.webhooks.sink import Sink, listening


@pytest_asyncio.fixture
async def house(bank: BankService) -> AsyncIterator[House]:
    """The bank of the whole session, which stays up."""
    headers = {"authorization": f"Bearer {bank.api_key}"}
    async with httpx2.AsyncClient(base_url=bank.url, headers=headers, verify=TLS) as api:
        yield House(bank.process, bank.url, bank.callback_secret, api)


@pytest_asyncio.fixture(scope="session")
async def sink() -> AsyncIterator[Sink]:
    """The merchant's door for the bank's reports; a test looks for those of its own payments."""
    async with listening() as open_door:
        yield open_door


@pytest_asyncio.fixture(scope="session")
async def mortal(postgres: PostgresServer, sink: Sink, server_home: Path) -> AsyncIterator[House]:
    """A bank that may be killed, and reports to `sink`."""
    async with running(await built(postgres, server_home / "mortal.log", sink.url)) as house:
        yield house


@pytest_asyncio.fixture
async def forgetful(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[House]:
    """A bank that remembers references for a second only."""
    house = await built(postgres, tmp_path / "bank.log", remembers_seconds="1")
    async with running(house):
        yield house
