"""A buyer's open page hears of the next change, once, and nobody else hears anything."""

import contextlib

import httpx2
import pytest

from api.waiting import PLACES_EACH, Watch
from tests.conftest import Temporal
from tests.integration.api.buyer import Buyer
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank


def stream_of(page: httpx2.Response) -> str:
    """Where the script of `page` listens, as a browser reads it."""
    return page.text.split('data-follow="')[1].split('"')[0].replace("&amp;", "&")


async def test_a_page_hears_of_the_next_change_and_the_stream_ends(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    page = await Buyer(browser, escrow).cashier()
    async with browser.stream("GET", stream_of(page)) as heard:
        assert heard.headers["content-type"].startswith("text/event-stream")
        assert heard.headers["cache-control"] == "no-store"
        cancelled = await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
        assert cancelled.status_code == 200
        lines = [line async for line in heard.aiter_lines() if line.startswith("data")]
    assert lines == [f"data: {cancelled.json()['version']}"]


async def test_what_changed_while_nobody_listened_is_heard_at_once(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    escrow = await paid(shop, teller, temporal)
    page = await Buyer(browser, escrow).order()
    path = stream_of(page).partition("?")[0]
    heard = await browser.get(path, params={"after": 0})
    assert f"data: {escrow['version']}\n" in heard.text


async def test_a_page_that_nothing_can_change_any_more_does_not_listen(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    buyer = Buyer(browser, escrow)
    await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    for page in (await buyer.cashier(), await buyer.order()):
        assert "data-follow" not in page.text


async def test_only_the_holder_of_the_link_listens(shop: Shop, browser: httpx2.AsyncClient) -> None:
    mine, other = await shop.create(), await shop.create()
    path = f"/orders/{mine['id']}/changes"
    assert (await browser.get(path, params={"after": 0})).status_code == 401
    browser.cookies.set(mine["id"], other["checkout_url"].rsplit("/", 1)[1])
    assert (await browser.get(path, params={"after": 0})).status_code == 404


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 20])
async def test_a_version_that_is_none_is_refused(
    shop: Shop, browser: httpx2.AsyncClient, after: str
) -> None:
    escrow = await shop.create()
    await Buyer(browser, escrow).order()
    refused = await browser.get(f"/orders/{escrow['id']}/changes", params={"after": after})
    assert refused.status_code == 422


async def test_one_purchase_has_so_many_listeners_and_no_more(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    page = await Buyer(browser, escrow).cashier()
    with contextlib.ExitStack() as places:
        for _ in range(PLACES_EACH):
            places.enter_context(shop.doors.watch.place(escrow["id"], shop.id))
        assert (await browser.get(stream_of(page))).status_code == 429
        assert (await Buyer(browser, escrow).cashier()).status_code == 200


async def test_a_process_that_leaves_sends_listeners_home(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    page = await Buyer(browser, await shop.create()).cashier()
    watch: Watch = shop.doors.watch
    watch.stopped = True
    try:
        assert "data:" not in (await browser.get(stream_of(page))).text
    finally:
        watch.stopped = False
