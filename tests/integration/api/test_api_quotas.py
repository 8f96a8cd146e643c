"""Whoever asks too much is told how long to stay away; everybody else does not notice."""

import re
from types import SimpleNamespace

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from api.quotas import neighbourhood
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

STANDING = re.compile(r'"(?P<name>[a-z]+)";r=(?P<left>\d+);t=(?P<seconds>\d+)')


def strict(settings: Settings) -> Settings:
    few = {
        "key_requests_per_minute": 3,
        "link_requests_per_minute": 2,
        "failures_per_minute": 2,
    }
    return settings.model_copy(update=few)


@pytest_asyncio.fixture
async def process(settings: Settings, engine: AsyncEngine, temporal: Temporal) -> FastAPI:
    """A process of an installation that gives little."""
    return create_app(strict(settings), engine, temporal.client)


@pytest_asyncio.fixture
async def other_process(settings: Settings, engine: AsyncEngine, temporal: Temporal) -> FastAPI:
    return create_app(strict(settings), engine, temporal.client)


def at(app: FastAPI, address: str = "192.0.2.1") -> httpx2.AsyncClient:
    """Somebody at `address` who talks to this process."""
    transport = httpx2.ASGITransport(app, client=(address, 4000))
    return httpx2.AsyncClient(transport=transport, base_url="http://api.example", timeout=40)


def refused(answer: httpx2.Response) -> int:
    """After how many seconds to come back."""
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["content-type"] == "application/problem+json"
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= 60
    return seconds


async def test_a_key_has_so_many_requests_a_minute_and_is_told_how_many_are_left(
    shop: Shop, process: FastAPI
) -> None:
    async with at(process) as http:
        answers = [await http.get("/v1/escrows", headers=shop.headers()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"key";q=3;w=60'}
    standings = [STANDING.fullmatch(answer.headers["ratelimit"]) for answer in answers]
    assert [standing and standing["left"] for standing in standings] == ["2", "1", "0", "0", "0"]
    assert all(standing and 1 <= int(standing["seconds"]) <= 60 for standing in standings)
    refused(answers[3])


async def test_processes_count_together(
    shop: Shop, process: FastAPI, other_process: FastAPI
) -> None:
    async with at(process) as here, at(other_process) as there:
        for http in (here, there, here):
            assert (await http.get("/v1/escrows", headers=shop.headers())).status_code == 200
        refused(await there.get("/v1/escrows", headers=shop.headers()))


async def test_one_key_does_not_spend_what_another_has(new_shop: NewShop, process: FastAPI) -> None:
    greedy, modest = await new_shop("Greedy"), await new_shop("Modest")
    async with at(process) as http:
        for _ in range(4):
            last = await http.get("/v1/escrows", headers=greedy.headers())
        refused(last)
        assert (await http.get("/v1/escrows", headers=modest.headers())).status_code == 200


async def test_a_minute_later_everything_is_there_again(
    shop: Shop, process: FastAPI, other_process: FastAPI
) -> None:
    async with at(process) as http:
        for _ in range(4):
            last = await http.get("/v1/escrows", headers=shop.headers())
        refused(last)
    await a_minute_passes(shop)
    # The first process remembers for itself until its own clock has come that far.
    async with at(other_process) as http:
        assert (await http.get("/v1/escrows", headers=shop.headers())).status_code == 200


async def test_a_refused_command_has_not_happened_and_its_key_stays_good(
    shop: Shop, process: FastAPI, teller: ScriptedBank
) -> None:
    escrow = await shop.create()
    path, headers = f"/v1/escrows/{escrow['id']}/cancellation", shop.headers("patience")
    async with at(process) as http:
        for _ in range(3):
            await http.get("/v1/escrows", headers=shop.headers())
        refused(await http.post(path, headers=headers))
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow
    later = await shop.post(path, key="patience")
    assert (later.status_code, later.headers.get("idempotent-replayed")) == (200, None)


async def test_a_buyers_link_has_its_own(shop: Shop, process: FastAPI) -> None:
    mine, other = await shop.create(), await shop.create()
    async with at(process) as http:

        async def look(escrow: dict[str, str]) -> httpx2.Response:
            headers = {"Authorization": f"Bearer {token_of(escrow)}"}
            return await http.get(f"/v1/escrows/{escrow['id']}", headers=headers)

        answers = [await look(mine) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"link";q=2;w=60'
        assert (await look(other)).status_code == 200


async def test_a_buyers_pages_spend_it_too_and_bad_links_what_strangers_have(
    shop: Shop, process: FastAPI
) -> None:
    escrow = await shop.create()
    link = httpx2.URL(escrow["checkout_url"]).path
    async with at(process, "192.0.2.77") as http:
        assert (await http.get(link)).status_code == 303
        page = f"/pay/{escrow['id']}"
        assert [(await http.get(page)).status_code for _ in range(3)] == [200, 429, 429]
        http.cookies.clear()
        bad = [(await http.get(path)).status_code for path in (f"{link}x", page, page, link + "x")]
        assert bad[0] == bad[1] != 429
        assert bad[2:] == [429, 429]


@pytest.mark.parametrize("authorization", ["", "Bearer ek_test_wrong", "Bearer nonsense"])
async def test_an_address_that_is_never_let_in_hears_so_only_so_often(
    shop: Shop, process: FastAPI, authorization: str
) -> None:
    last = len(authorization)
    headers = {"Authorization": authorization}
    address, other = f"198.51.100.{last}", f"198.51.100.{100 + last}"
    async with at(process, address) as http, at(process, other) as neighbour:
        answers = [await http.get("/v1/escrows", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[0].headers["ratelimit-policy"] == '"failures";q=2;w=60'
        refused(answers[2])
        assert (await neighbour.get("/v1/escrows", headers=headers)).status_code == 401
        # Whoever has a good key behind the same address does not pay for the others.
        assert (await http.get("/v1/escrows", headers=shop.headers())).status_code == 200


async def test_windows_that_are_over_are_forgotten(shop: Shop, process: FastAPI) -> None:
    async with at(process, "203.0.113.7") as http:
        await http.get("/v1/escrows")
    assert await stored(shop, "%203.0.113.7%") == 1
    await shop.doors.quotas.forget()
    assert await stored(shop, "%203.0.113.7%") == 1
    await a_minute_passes(shop)
    await shop.doors.quotas.forget()
    assert await stored(shop, "%203.0.113.7%") == 0


@pytest.mark.parametrize(
    ("host", "known_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_an_address_is_a_customers(host: str, known_as: str) -> None:
    assert neighbourhood(SimpleNamespace(client=SimpleNamespace(host=host))) == known_as  # type: ignore[arg-type]


async def a_minute_passes(shop: Shop) -> None:
    async with shop.doors.engine.begin() as connection:
        await connection.execute(text("update rate_window set ends_at = ends_at - interval '61 s'"))


async def stored(shop: Shop, key: str) -> int:
    async with shop.doors.engine.connect() as connection:
        found = await connection.execute(
            text("select count(*) from rate_window where key like :key"), {"key": key}
        )
        return int(found.scalar_one())
