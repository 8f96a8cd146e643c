"""The order page: the story, the release in two steps, more time."""

import asyncio
from datetime import datetime, timedelta

import httpx2

from banks.port import Deducted, Frozen
from tests.conftest import Temporal
from tests.integration.api.buyer import Buyer, told
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank


async def test_the_order_page_tells_the_story_and_when_the_money_goes(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    escrow = await shipped(shop, teller, temporal)
    buyer = Buyer(browser, escrow)
    page = await buyer.order()
    text = told(page)
    said = ["Order placed", "Sent to the bank", "Paid. We hold the money", "The shop has sent it"]
    assert [text.index(line) for line in said] == sorted(text.index(line) for line in said)
    deadline = datetime.fromisoformat(escrow["deadline"])
    assert f'datetime="{deadline.isoformat(timespec="seconds")}"' in page.text
    assert "129.00 CNY is released automatically on" in text
    assert "Confirm receipt" in text
    assert "You Confirm receipt, extend the inspection, report a problem." in text
    assert "3 more days" in text


async def test_receipt_is_confirmed_in_a_second_step_by_typing(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shipped(shop, teller, temporal))
    await buyer.order()
    path = f"/orders/{buyer.escrow['id']}"
    second = await browser.get(f"{path}/receipt")
    assert "can't be undone" in second.text.replace("&#39;", "'")
    wrong = await buyer.send(second, "receipt", typed="yes")
    assert (wrong.status_code, "Nothing was released" in wrong.text) == (422, True)
    assert (await shop.get(f"/v1/escrows/{buyer.escrow['id']}")).json()["held"] == 12900
    done = await buyer.send(wrong, "receipt", typed=" 1001 ")
    assert done.status_code == 303
    page = await browser.get(done.headers["location"])
    assert "129.00 CNY was released to the shop" in told(page)
    assert "Confirm receipt" not in told(page)
    assert 'http-equiv="refresh"' not in page.text


async def test_the_buyer_extends_once(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shipped(shop, teller, temporal))
    page = await buyer.order()
    assert (await buyer.send(page, "extension")).status_code == 303
    after = await buyer.order()
    assert "Inspection time extended" in told(after)
    assert "more days" not in told(after)
    now = (await shop.get(f"/v1/escrows/{buyer.escrow['id']}")).json()
    before = datetime.fromisoformat(buyer.escrow["deadline"])
    assert datetime.fromisoformat(now["deadline"]) == before + timedelta(days=3)


async def test_a_refund_is_shown_as_what_came_back(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await paid(shop, teller, temporal))
    await shop.post(f"/v1/escrows/{buyer.escrow['id']}/refunds", {"amount": 12900})
    await temporal.client.get_workflow_handle(buyer.escrow["id"]).result()
    text = told(await buyer.order())
    assert "Refunded" in text
    assert "129.00 CNY went back to you" in text


async def test_frozen_money_is_described_as_what_it_is(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await paid(shop, teller, temporal, terms={"funding": "freeze"}))
    text = told(await buyer.order())
    assert "Frozen at your bank" in text
    assert "nothing is taken" in text
    assert "Frozen at your bank" in told(await buyer.cashier())
    assert "Where the money is Frozen at your bank, in your account." in text
    assert "If nobody does anything The order closes, and nothing is taken." in text
    assert "Held by us" not in text


async def test_money_at_the_bank_that_froze_it_can_be_shipped_and_is_shown_on_its_way(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await paid(shop, teller, temporal, terms={"funding": "freeze"}))
    reference = f"{buyer.escrow['id']}:deduct:1"
    teller.slow[reference] = asyncio.Event()
    sent = await shop.post(f"/v1/escrows/{buyer.escrow['id']}/shipment")
    assert "moving the frozen money" in told(await buyer.order())
    teller.slow[reference].set()
    await until(shop, sent.json(), "awaiting_confirmation")
    assert isinstance(teller.truths[f"{buyer.escrow['id']}:payment:1"], Frozen)
    assert teller.truths[reference] == Deducted(12900)
