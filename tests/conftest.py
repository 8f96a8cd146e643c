"""Real servers for the tests: started once, forgotten afterwards.

Tests isolate themselves by fresh ids, never by truncating. DATABASE_URL and TEMPORAL_ADDRESS are
ignored on purpose: a test never touches a server that it did not start.
"""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded import places
from runtime.embedded.places import (
    LOOPBACK,
    free_ports,
    inherited,
    outside,
    own_folder,
    server_account,
)
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.process import Process
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Database:
    """Our own schema, migrated. URLs are `postgresql+asyncpg://…`."""

    owner_url: str
    app_url: str


@dataclass(frozen=True)
class BankService:
    """The sandbox bank as a process of its own."""

    url: str
    api_key: str
    callback_secret: str
    process: Process


@dataclass(frozen=True)
class Temporal:
    """A real server. Wrap `client` in `temporalio.testing.TimeSkipper` to skip time."""

    address: str
    client: Client
    server: TemporalServer


def pytest_configure(config: pytest.Config) -> None:
    """Processes that run tests at a time choose their servers' ports out of parts of their own."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        of = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        places.ANY_PORT = places.ANY_PORT[int(worker.removeprefix("gw")) :: of]


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """A folder that PostgreSQL's account can enter; pytest's own are closed to it."""
    home = Path(tempfile.mkdtemp(prefix="danbao-tests-", dir=outside(server_account())))
    yield own_folder(home)
    shutil.rmtree(home)


@pytest_asyncio.fixture(scope="session")
async def postgres(server_home: Path) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(own_folder(server_home / "postgres"), durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def database(postgres: PostgresServer) -> Database:
    owner_url = await postgres.create_database("danbao", "danbao_owner", guests=["danbao_app"])
    await migrate(owner_url)
    return Database(owner_url=owner_url, app_url=postgres.url("danbao", "danbao_app"))


@pytest_asyncio.fixture(scope="session")
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """As the application's own role."""
    app = pool(database.app_url, pool_size=20)
    yield app
    await app.dispose()


@pytest_asyncio.fixture(scope="session")
async def owner_engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """As the role that owns the schema: to look at what the application must not touch."""
    owner = pool(database.owner_url)
    yield owner
    await owner.dispose()


@pytest_asyncio.fixture(scope="session")
async def temporal(server_home: Path) -> AsyncIterator[Temporal]:
    server = TemporalServer(server_home / "temporal", keep=False, dynamic_config=TIME_SKIPPING)
    await server.start()
    yield Temporal(address=server.address, client=await server.client("tests"), server=server)
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def bank(postgres: PostgresServer, server_home: Path) -> AsyncIterator[BankService]:
    """Its callbacks go to a port where nobody listens, unless a test tells it otherwise."""
    port, nobody = free_ports(0, 0)
    api_key, callback_secret = secrets.token_hex(16), secrets.token_hex(32)
    url = f"http://{LOOPBACK}:{port}"
    process = Process(
        name="bank",
        argv=[sys.executable, "-m", "banks.sandbox"],
        env={
            **inherited(os.environ),
            "SANDBOX_BANK_DATABASE_URL": await postgres.create_database(
                "sandbox_bank", "sandbox_bank"
            ),
            "SANDBOX_BANK_HOST": LOOPBACK,
            "SANDBOX_BANK_PORT": str(port),
            "SANDBOX_BANK_PUBLIC_URL": url,
            "SANDBOX_BANK_API_KEY": api_key,
            "SANDBOX_BANK_CALLBACK_URL": f"http://{LOOPBACK}:{nobody}/",
            "SANDBOX_BANK_CALLBACK_SECRET": callback_secret,
        },
        cwd=ROOT,
        log=server_home / "bank.log",
    )
    process.start()
    await process.ready(lambda: answers(f"{url}/healthz"))
    yield BankService(url=url, api_key=api_key, callback_secret=callback_secret, process=process)
    await process.stop()


async def answers(url: str) -> bool:
    """Whether GET `url` says 200."""
    async with httpx2.AsyncClient(timeout=2) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx2.TransportError:
            return False
