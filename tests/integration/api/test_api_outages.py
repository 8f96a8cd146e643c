"""PostgreSQL stops and comes back: typed 503s meanwhile, and nobody has to restart the doors."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from api.merchants import create_merchant
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.places import own_folder
from runtime.embedded.postgres import PostgresServer
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.shop import order
from vault.codec import PurchaseCodec
from vault.keys import Keys


@dataclass(frozen=True, slots=True)
class Mortal:
    """Doors over a PostgreSQL that a test may stop."""

    server: PostgresServer
    http: httpx2.AsyncClient
    app: FastAPI

    async def answer(self, path: str) -> tuple[int, str]:
        said = await self.http.get(path)
        return said.status_code, "" if said.is_success else said.json()["code"]


@pytest_asyncio.fixture
async def mortal(
    server_home: Path, settings: Settings, temporal: Temporal
) -> AsyncIterator[Mortal]:
    server = PostgresServer(own_folder(server_home / "mortal"), durable=False)
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
        yield Mortal(server, http, app)
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
    page = await mortal.http.get("/pay/" + "x" * 20)
    assert page.status_code == 401
    await mortal.server.start()
    assert await mortal.answer("/v1/escrows") == (200, "")
    assert await mortal.answer("/healthz") == (200, "")
    again = await mortal.http.post("/v1/escrows", json=order(), headers={"Idempotency-Key": "away"})
    assert again.status_code == 201
