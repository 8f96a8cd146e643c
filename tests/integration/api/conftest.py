"""The API as it runs: uvicorn on a free port, real PostgreSQL, real Temporal."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
import uvicorn
from aiosmtpd.smtp import SMTP
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.after_sale import AfterSale
from activities.bookkeeping import Bookkeeping
from activities.clearing import Clearing
from activities.funding import Funding
from activities.notices import Notices
from api.app import create_app
from api.doors import Doors
from api.merchants import create_merchant
from api.scopes import EVERYTHING, Scope
from banks.operations import Operations
from clearing.after_sale import AfterSaleBook
from clearing.runs import Runs
from domain.terms import FeePolicy
from ledger.book import Book
from ledger.reading import Reading
from runtime.embedded.temporal import TemporalServer
from runtime.mailbox import Mailbox
from runtime.settings import Settings
from runtime.temporal import connect
from tests.conftest import Database, Temporal
from tests.fake_faults import Faults
from tests.fake_keeper import FakeKeeper
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank
from vault.codec import PurchaseCodec
from vault.keys import Keys
from webhooks.courier import courier
from webhooks.messenger import WebhookMessenger
from webhooks.port import Notice
from webhooks.schedule import next_wait
from worker import activities, after_sale_activities, bank_activities, clearing_activities, workers

#: Timers ring at once, not up to a second late.
PROMPT = {"history.timerProcessorMaxTimeShift": '"10ms"'}
#: A name, and what its key may do where that is not everything.
NewShop = Callable[..., Awaitable[Shop]]


@pytest.fixture(scope="session")
def listener() -> Iterator[socket.socket]:
    """Bound before the settings are made, as they say the address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture(scope="session")
def slot() -> Iterator[socket.socket]:
    """Where mails are handed in."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest_asyncio.fixture(scope="session")
async def mailbox(slot: socket.socket) -> AsyncIterator[Mailbox]:
    """A real mail server: what everybody gets."""
    box, loop = Mailbox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mailbox"), sock=slot)
    async with server:
        yield box


@pytest.fixture(scope="session")
def keeper() -> FakeKeeper:
    """What the bank keeps for buyers who are signed in at the wallet."""
    return FakeKeeper(Faults(), lambda: datetime.now(UTC))


@pytest.fixture(scope="session")
def settings(
    database: Database, listener: socket.socket, slot: socket.socket, server_home: Path
) -> Settings:
    port = listener.getsockname()[1]
    return Settings.model_validate(
        {
            "DATABASE_URL": database.app_url,
            "public_url": f"http://127.0.0.1:{port}",
            "link_secret": secrets.token_hex(32),
            "vault_keys": secrets.token_hex(32),
            "bank_url": "http://127.0.0.1:1",
            "bank_api_key": "nobody",
            "bank_callback_secret": secrets.token_hex(32),
            "evidence_dir": server_home / "evidence",
            "api_port": port,
            "smtp_url": f"smtp://127.0.0.1:{slot.getsockname()[1]}",
            "mail_from": "wallet@danbao.example",
            # All tests come from one address, and much faster than people.
            "failures_per_minute": 100_000,
            "key_requests_per_minute": 100_000,
            "link_requests_per_minute": 100_000,
            "mails_per_minute": 100_000,
        }
    )


@pytest_asyncio.fixture(scope="session")
async def temporal(
    server_home: Path, engine: AsyncEngine, settings: Settings
) -> AsyncIterator[Temporal]:
    """A server of our own: nobody else's worker takes these purchases."""
    server = TemporalServer(server_home / "temporal-api", keep=False, dynamic_config=PROMPT)
    await server.start()
    client = await server.client("tests", PurchaseCodec(Keys(engine, settings.ring)))
    yield Temporal(address=server.address, client=client, server=server)
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def teller(
    temporal: Temporal, engine: AsyncEngine, settings: Settings
) -> AsyncIterator[ScriptedBank]:
    """A worker on the real ledger, and a bank that says what a test wants it to."""
    bank = ScriptedBank()
    funding = Funding({"sandbox": bank}, Operations(engine), settings.back_from_bank)
    async with courier() as post:
        notices = Notices(WebhookMessenger(post, engine, Reading(engine), hurried))
        local = activities(funding, Bookkeeping(Book(engine)), notices)
        local += after_sale_activities(AfterSale(AfterSaleBook(engine)))
        local += clearing_activities(Clearing(Runs(engine, ["sandbox"])))
        stories, banking = workers(temporal.client, local, bank_activities(funding))
        async with stories, banking:
            yield bank


def hurried(tries: int, notice: Notice) -> timedelta | None:
    """Three days of retries in less than a second."""
    wait = next_wait(tries, notice)
    return None if wait is None else wait / 1_000_000


@pytest.fixture(scope="session")
def app(settings: Settings, engine: AsyncEngine, temporal: Temporal, keeper: FakeKeeper) -> FastAPI:
    return create_app(settings, engine, temporal.client, {"sandbox": keeper})


@pytest.fixture(scope="session")
def doors(app: FastAPI) -> Doors:
    served: Doors = app.state.doors
    return served


@pytest_asyncio.fixture(scope="session")
async def served(app: FastAPI, listener: socket.socket) -> AsyncIterator[str]:
    """The base URL."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn has a flag, no event)
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest_asyncio.fixture(scope="session")
async def http(served: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def new_shop(http: httpx2.AsyncClient, doors: Doors) -> NewShop:
    async def make(name: str, scopes: Collection[Scope] = EVERYTHING) -> Shop:
        async with doors.engine.begin() as connection:
            merchant = await create_merchant(
                connection, name, fee=FeePolicy(fixed=30, bps=250), scopes=scopes
            )
        return Shop(http, doors, merchant.id, merchant.key)

    return make


@pytest_asyncio.fixture
async def shop(new_shop: NewShop) -> Shop:
    return await new_shop("Boots & Co")


@pytest_asyncio.fixture(scope="session")
async def without_temporal(
    settings: Settings, engine: AsyncEngine
) -> AsyncIterator[httpx2.AsyncClient]:
    """The same doors, while nobody answers at Temporal's address."""
    nobody = await connect("tests", address="127.0.0.1:1", lazy=True)
    transport = httpx2.ASGITransport(create_app(settings, engine, nobody))
    async with httpx2.AsyncClient(
        transport=transport, base_url=settings.public_url, timeout=40
    ) as client:
        yield client


@pytest_asyncio.fixture
async def browser(served: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A buyer's own: keeps cookies, follows no redirect."""
    async with httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) as client:
        yield client
