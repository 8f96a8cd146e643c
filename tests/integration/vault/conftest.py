from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.book import open_escrow
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.places import LOOPBACK, free_ports
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests import builders
from tests.conftest import Database
from tests.integration.vault.shifts import Shifts
from vault.keys import Keys
from vault.ring import Ring

NewPurchase = Callable[[], Awaitable[str]]

#: What operators show to the codec server.
TOKEN = "codec-token-" + "0" * 32
K1, K2 = "1" * 64, "2" * 64


@pytest_asyncio.fixture(scope="session")
async def database(postgres: PostgresServer) -> Database:
    """Of our own: here every key is wrapped anew, with master keys that others do not have."""
    owner_url = await postgres.create_database("danbao_vault", "danbao_owner", ["danbao_app"])
    await migrate(owner_url)
    return Database(owner_url=owner_url, app_url=postgres.url("danbao_vault", "danbao_app"))


@pytest_asyncio.fixture(scope="session")
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    app = pool(database.app_url)
    yield app
    await app.dispose()


@pytest_asyncio.fixture(scope="session")
async def owner_engine(database: Database) -> AsyncIterator[AsyncEngine]:
    owner = pool(database.owner_url)
    yield owner
    await owner.dispose()


@pytest.fixture(scope="session")
def ring() -> Ring:
    return Ring.parse(K1)


@pytest.fixture
def keys(engine: AsyncEngine, ring: Ring) -> Keys:
    """With nothing remembered yet."""
    return Keys(engine, ring)


@pytest.fixture(scope="session")
def new_purchase(engine: AsyncEngine) -> NewPurchase:
    """The id of a purchase that has no key, as those older than keys."""

    async def make() -> str:
        escrow_id = f"esc_{uuid4().hex}"
        async with engine.begin() as connection:
            await open_escrow(connection, builders.opened(escrow_id=escrow_id))
        return escrow_id

    return make


@pytest.fixture(scope="session")
def codec_url() -> str:
    [port] = free_ports(0)
    return f"http://{LOOPBACK}:{port}"


@pytest_asyncio.fixture(scope="session")
async def shifts(server_home: Path, engine: AsyncEngine, codec_url: str) -> AsyncIterator[Shifts]:
    server = TemporalServer(
        server_home / "temporal-vault",
        codec_endpoint=f"{codec_url}/{TOKEN}",
        keep=False,
        dynamic_config=TIME_SKIPPING,
    )
    await server.start()
    yield Shifts(server, engine)
    await server.stop()
