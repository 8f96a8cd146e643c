"""What was approved is carried out though whoever approved it never comes back."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from api.doors import Doors
from api.operators import unfinished
from api.trade import Trade
from runtime.temporal import connect
from tests.conftest import Temporal
from tests.integration.api.operators.conftest import Person
from tests.integration.api.shop import Shop, token_of
from workflows.commands import ResolveDispute

NOW = timedelta(0)
SPLIT = {"refund": 3000, "release": 1000}


async def money(shop: Shop, escrow: dict[str, Any]) -> tuple[int, ...]:
    now = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    return tuple(now[name] for name in ("held", "disputed", "released", "refunded"))


@pytest_asyncio.fixture
async def approved(
    contested: dict[str, Any], mei: Person, tomas: Person, without_temporal: httpx2.AsyncClient
) -> dict[str, Any]:
    """And nothing more, as Temporal was away."""
    dispute, version = contested["dispute"]["id"], contested["version"]
    assert (await mei.propose(dispute, version, 3000, 1000)).status_code == 202
    headers = tomas.headers(**{"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'})
    path = f"/v1/disputes/{dispute}/approval"
    away = await without_temporal.post(path, json=SPLIT, headers=headers)
    assert away.status_code == 503, away.text
    return contested


async def test_a_round_carries_it_out_once(
    shop: Shop, approved: dict[str, Any], mei: Person, doors: Doors
) -> None:
    assert await money(shop, approved) == (8900, 4000, 0, 0)
    await asyncio.gather(*(unfinished.finish(doors, NOW) for _ in range(3)))
    assert await money(shop, approved) == (8900, 0, 1000, 3000)
    assert (await mei.read(approved["dispute"]["id"]))["proposal"]["carried_out"]
    assert await unfinished.finish(doors, NOW) == 0


async def test_whoever_has_just_approved_is_waited_for(
    shop: Shop, approved: dict[str, Any], doors: Doors
) -> None:
    await unfinished.finish(doors, timedelta(hours=1))
    assert await money(shop, approved) == (8900, 4000, 0, 0)


async def test_a_buyer_who_gave_up_first_is_not_overruled(
    shop: Shop, approved: dict[str, Any], doors: Doors
) -> None:
    path = f"/v1/escrows/{approved['id']}/dispute/withdrawal"
    assert (await shop.post(path, token=token_of(approved))).status_code == 200
    await unfinished.finish(doors, NOW)
    assert await money(shop, approved) == (12900, 0, 0, 0)


async def test_the_api_goes_round_by_itself(
    shop: Shop, approved: dict[str, Any], doors: Doors
) -> None:
    going = asyncio.create_task(unfinished.keep_finishing(doors, NOW, timedelta(seconds=0.1)))
    while (await money(shop, approved))[1]:  # it happens in the database
        assert not going.done(), going.exception()
        await asyncio.sleep(0.05)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await money(shop, approved) == (8900, 0, 1000, 3000)


async def test_whoever_ends_the_api_does_not_wait_for_a_purchase_that_says_nothing(
    temporal: Temporal,
) -> None:
    """A cancelled call is not a silence to try again after."""
    client, silent = await connect("tests", address=temporal.address), f"esc_{uuid4().hex}"
    handle = await client.start_workflow("Silent", id=silent, task_queue="nobody-works-here")
    command = ResolveDispute(1, 3000, 1000)
    asking = asyncio.create_task(Trade(client).request(silent, command, "a-command"))
    await asyncio.sleep(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await handle.terminate()
