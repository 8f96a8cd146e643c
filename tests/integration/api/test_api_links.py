"""Buyers' links do what a buyer may do: a key that may only read, or only refund, gets none."""

import pytest
import pytest_asyncio

from api.merchants import add_key
from api.scopes import Scope
from tests.conftest import Temporal
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank

NO_LINKS = ("", "")


@pytest_asyncio.fixture
async def lesser(shop: Shop) -> Shop:
    """The same merchant with a key that reads and refunds."""
    scopes = {Scope.ESCROWS_READ, Scope.REFUNDS}
    async with shop.doors.engine.begin() as connection:
        key = await add_key(connection, shop.id, "test", scopes)
    return Shop(shop.http, shop.doors, shop.id, key)


def links(escrow: dict[str, str]) -> tuple[str, str]:
    return escrow["checkout_url"], escrow["order_url"]


async def test_a_key_that_reads_can_not_become_the_buyer(shop: Shop, lesser: Shop) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    assert links((await lesser.get(path)).json()) == NO_LINKS
    assert links((await lesser.get("/v1/escrows")).json()["data"][0]) == NO_LINKS
    assert links((await shop.get(path)).json()) == links(escrow) != NO_LINKS
    assert links((await shop.get("/v1/escrows")).json()["data"][0]) == links(escrow)


@pytest.mark.parametrize("told_before", [False, True])
async def test_a_key_that_refunds_gets_none_either(
    shop: Shop, lesser: Shop, teller: ScriptedBank, temporal: Temporal, told_before: bool
) -> None:
    """Nor from an answer that was given to another key and is said again."""
    escrow = await paid(shop, teller, temporal)
    path, back = f"/v1/escrows/{escrow['id']}/refunds", {"amount": 100}
    if told_before:
        assert links((await shop.post(path, back, key="one")).json()) == links(escrow)
    answer = await lesser.post(path, back, key="one")
    assert answer.status_code == 200, answer.text
    assert links(answer.json()) == NO_LINKS
    assert answer.json()["refunded"] == 100
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
