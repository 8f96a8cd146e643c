"""Long polls: an answer at the first moment that there is one."""

import asyncio
import contextlib
import time
from typing import Any

from api.waiting import PLACES_EACH
from tests.conftest import Temporal
from tests.integration.api.course import shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

LONG = 25


def poll(shop: Shop, escrow: dict[str, Any], **params: Any) -> Any:
    known = {**shop.headers(), "If-None-Match": f'"{escrow["version"]}"'}
    path = f"/v1/escrows/{escrow['id']}"
    return shop.http.get(path, params={"wait": LONG, **params}, headers=known)


async def test_a_change_is_answered_when_it_happens(shop: Shop, teller: ScriptedBank) -> None:
    escrow = await shop.create()
    waiting = asyncio.create_task(poll(shop, escrow))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    async with asyncio.timeout(LONG / 2):
        changed = await waiting
    assert changed.json()["status"] == "closed"
    assert changed.headers["etag"] != f'"{escrow["version"]}"'


async def test_a_purchase_that_has_ended_keeps_nobody_waiting(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    await shop.post(f"/v1/escrows/{escrow['id']}/receipt", token=token_of(escrow))
    ended = await until(shop, escrow, "completed")
    began = time.monotonic()
    known = await poll(shop, ended)
    unknown = await shop.get(f"/v1/escrows/{escrow['id']}", wait=LONG)
    assert time.monotonic() - began < LONG / 2
    assert known.status_code == 304
    assert unknown.json() == ended


async def test_a_client_that_hangs_up_frees_its_place(shop: Shop) -> None:
    escrow = await shop.create()
    with contextlib.ExitStack() as places:
        for _ in range(PLACES_EACH - 1):
            places.enter_context(shop.doors.watch.place(shop.id, shop.id))
        waiting = asyncio.create_task(poll(shop, escrow))
        await asyncio.sleep(0.3)
        refused = await poll(shop, escrow)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waiting")
        waiting.cancel()
        async with asyncio.timeout(LONG / 2):
            # Each refusal is an answer of its own, so this is no busy loop.
            while (await poll(shop, escrow, wait=1)).status_code == 429:
                pass


async def test_whoever_only_reads_needs_no_place(shop: Shop) -> None:
    escrow = await shop.create()
    with contextlib.ExitStack() as places:
        for _ in range(PLACES_EACH):
            places.enter_context(shop.doors.watch.place(shop.id, shop.id))
        assert (await shop.get(f"/v1/escrows/{escrow['id']}")).status_code == 200
        behind = await poll(shop, escrow | {"version": 0})
    assert behind.status_code == 200
