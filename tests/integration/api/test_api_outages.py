"""PostgreSQL stops and comes back: typed 503s meanwhile, and nobody has to restart the doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from api import purchases
from api.app import create_app
from api.merchants import create_merchant
from domain.events import Cancelled
from domain.states import Party
from ledger.book import Book
from ledger.port import Transition
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.places import own_folder
from runtime.embedded.postgres import PostgresServer
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.listener import listening, types
from tests.integration.api.shop import Shop, order
from vault.codec import PurchaseCodec
from vault.keys import Keys


@dataclass(frozen=True, slots=True)
class Mortal:
    """Doors over a PostgreSQL that a test may stop."""

    server: PostgresServer
    http: httpx2.AsyncClient
    app: FastAPI
    shop: Shop

    @asynccontextmanager
    async def over_http(self) -> AsyncIterator[Shop]:
        """The same merchant over a connection that can stay open."""
        server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 (uvicorn has a flag, no event)
            await asyncio.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=40) as http:
            yield Shop(http, self.shop.doors, self.shop.id, self.shop.key)
        server.should_exit = True
        await serving

    async def answer(self, path: str) -> tuple[int, str]:
        said = await self.http.get(path)
        return said.status_code, "" if said.is_success else said.json()["code"]


@pytest_asyncio.fixture
async def mortal(
    server_home: Path, settings: Settings, temporal: Temporal
) -> AsyncIterator[Mortal]:
    server = PostgresServer(own_folder(server_home / f"mortal-{uuid4().hex}"), durable=False)
    await server.start()
    await migrate(await server.create_database("danbao", "danbao_owner", guests=["danbao_app"]))
    engine = pool(server.url("danbao", "danbao_app"), pool_size=3)
    async with engine.begin() as connection:
        merchant = await create_merchant(connection, "Mortal")
    client = await temporal.server.client("tests", PurchaseCodec(Keys(engine, settings.ring)))
    app = create_app(settings, engine, client)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url=settings.public_url,
        headers={"Authorization": f"Bearer {merchant.key}"},
        timeout=40,
    ) as http:
        yield Mortal(server, http, app, Shop(http, app.state.doors, merchant.id, merchant.key))
    await engine.dispose()
    await server.stop()


async def test_while_postgres_is_away_every_door_says_so_and_opens_again(mortal: Mortal) -> None:
    assert await mortal.answer("/v1/escrows") == (200, "")
    await mortal.server.stop()
    for path in ("/v1/escrows", "/healthz", "/v1/escrows/esc_" + "0" * 32):
        assert await mortal.answer(path) == (503, "unavailable")
    created = await mortal.http.post(
        "/v1/escrows", json=order(), headers={"Idempotency-Key": "away"}
    )
    assert (created.status_code, created.headers["retry-after"]) == (503, "2")
    # A made-up link is counted before it is refused, and the counts are away as well.
    assert (await mortal.http.get("/pay/" + "x" * 20)).status_code == 503
    await mortal.server.start()
    assert (await mortal.http.get("/pay/" + "x" * 20)).status_code == 401
    assert await mortal.answer("/v1/escrows") == (200, "")
    assert await mortal.answer("/healthz") == (200, "")
    again = await mortal.http.post("/v1/escrows", json=order(), headers={"Idempotency-Key": "away"})
    assert again.status_code == 201


async def test_a_stream_outlives_postgres_and_misses_nothing(mortal: Mortal) -> None:
    async with mortal.over_http() as shop:
        escrow = await shop.create()
        engine = shop.doors.engine
        async with listening(shop, escrow) as heard:
            assert (await heard.next() or {})["type"] == "escrow.created"
            await mortal.server.stop()
            await asyncio.sleep(0.5)
            await mortal.server.start()
            opened = (await purchases.get(engine, escrow["id"])).escrow
            given_up = opened.after(Cancelled(by=Party.MERCHANT), datetime.now(UTC))
            await Book(engine).record(Transition.of(given_up))
            assert types(await heard.rest()) == ["closed"]
