"""Listening to a purchase: every event once and in order, whatever the connection does."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from api import streams
from api.waiting import PLACES, PLACES_EACH
from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid, shipped
from tests.integration.api.listener import STREAM, listening, types
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

SHORT = timedelta(milliseconds=200)


async def test_a_stream_says_what_was_and_what_comes_and_ends_with_the_purchase(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}"
    async with listening(shop, escrow) as heard:
        assert heard.response.headers["content-type"].startswith(STREAM)
        assert heard.response.headers["cache-control"] == "no-store"
        before = [await heard.next() for _ in range(3)]
        confirmed = await shop.post(f"{path}/receipt", token=token_of(escrow))
        assert confirmed.status_code == 202
        told = [*filter(None, before), *await heard.rest()]
    assert types(told) == ["created", "paid", "shipped", "confirmed", "released"]
    assert told == (await shop.get(f"{path}/events")).json()["data"]


async def test_whoever_loses_the_connection_goes_on_without_a_gap(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """One event for each connection, and things happen while nobody listens."""
    escrow = await shipped(shop, teller, temporal)
    told, last = [], ""
    for _ in range(3):
        async with listening(shop, escrow, last_id=last) as heard:
            told.append(await heard.next())
            last = heard.last_id
    await shop.post(f"/v1/escrows/{escrow['id']}/receipt", token=token_of(escrow))
    async with listening(shop, escrow, last_id=last) as heard:
        told += await heard.rest()
        last = heard.last_id
    assert types([event for event in told if event]) == [
        "created", "paid", "shipped", "confirmed", "released",
    ]  # fmt: skip
    async with listening(shop, escrow, last_id=last) as heard:
        assert heard.response.status_code == 204


async def test_a_page_that_knows_the_beginning_starts_after_it(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    async with listening(shop, escrow, after=1) as heard:
        assert (await heard.next() or {})["type"] == "escrow.paid"
    async with listening(shop, escrow, after=2, last_id="1") as heard:
        assert (await heard.next() or {})["type"] == "escrow.paid"


async def test_a_buyer_listens_with_the_link_to_the_own_purchase_only(
    shop: Shop, new_shop: NewShop
) -> None:
    mine, other = await shop.create(), await shop.create()
    async with listening(shop, mine, token=token_of(mine)) as heard:
        assert (await heard.next() or {})["type"] == "escrow.created"
    stranger = await new_shop("Stranger")
    for listener, token in ((shop, token_of(other)), (stranger, "")):
        async with listening(listener, mine, token=token) as heard:
            assert heard.response.status_code == 404
    async with listening(shop, mine, token="nonsense") as heard:
        assert heard.response.status_code == 401


@pytest.mark.parametrize("wrong", ["x", "-1", "9" * 10])
async def test_a_place_that_makes_no_sense_is_refused(shop: Shop, wrong: str) -> None:
    async with listening(shop, await shop.create(), last_id=wrong) as heard:
        assert heard.response.status_code == 422


async def test_a_place_beyond_the_end_hears_what_comes_after_it(shop: Shop) -> None:
    escrow = await shop.create()
    async with listening(shop, escrow, last_id="7") as heard:
        assert heard.response.status_code == 200
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await heard.next()


async def test_a_silent_stream_is_kept_alive_and_ends_in_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", SHORT)
    monkeypatch.setattr(streams, "LONGEST", 5 * SHORT)
    async with asyncio.timeout(60), listening(shop, await shop.create()) as heard:
        assert types(await heard.rest()) == ["created"]
        assert heard.comments >= 2


async def test_many_streams_use_up_no_connections(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """More listeners than the pool has connections, and everybody is still served."""
    escrow = await shop.create()
    async with contextlib.AsyncExitStack() as open_streams:
        crowd = [await open_streams.enter_async_context(listening(shop, escrow)) for _ in range(30)]
        assert {(await heard.next() or {})["type"] for heard in crowd} == {"escrow.created"}
        async with asyncio.timeout(20):
            cancelled = await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
            assert cancelled.status_code == 200
            assert [types(await heard.rest()) for heard in crowd] == [["closed"]] * 30


async def test_places_are_bounded_and_a_listener_that_goes_away_frees_its_own(shop: Shop) -> None:
    escrow = await shop.create()
    watch = shop.doors.watch
    with contextlib.ExitStack() as places:
        for _ in range(PLACES_EACH - 1):
            places.enter_context(watch.place(shop.id, shop.id))
        async with listening(shop, escrow) as heard:
            assert await heard.next()
            async with listening(shop, escrow) as refused:
                assert refused.response.status_code == 429
                await refused.response.aread()
                assert refused.response.json()["code"] == "too_many_waiting"
                assert int(refused.response.headers["retry-after"]) > 0
            async with listening(shop, escrow, token=token_of(escrow)) as buyer:
                assert buyer.response.status_code == 200
            assert (await shop.get(f"/v1/escrows/{escrow['id']}/events")).status_code == 200
        async with asyncio.timeout(30):
            while True:
                async with listening(shop, escrow) as again:
                    if again.response.status_code == 200:
                        break
                await asyncio.sleep(0.05)


async def test_a_full_house_is_503(shop: Shop) -> None:
    escrow = await shop.create()
    with contextlib.ExitStack() as places:
        for number in range(PLACES):
            places.enter_context(shop.doors.watch.place(f"somebody {number}", f"shop {number}"))
        async with listening(shop, escrow) as refused:
            assert refused.response.status_code == 503
            await refused.response.aread()
            assert refused.response.json()["code"] == "unavailable"
