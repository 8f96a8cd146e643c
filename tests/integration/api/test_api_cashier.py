"""The cashier: what is paid, how, and what became of it."""

import asyncio

import httpx2

from api.pages.cashier import LOOKS
from banks.port import Declined, Deducted
from tests.conftest import Temporal
from tests.integration.api.buyer import Buyer, told
from tests.integration.api.course import paid, until
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank
from workflows.commands import BankReport


async def test_the_cashier_says_what_is_paid_to_whom_and_that_it_is_held(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    items = [{"name": "Boots <b>", "quantity": 2, "amount": 12000}, {"name": "P", "amount": 900}]
    buyer = Buyer(browser, await shop.create(items=items, description='"Boots" & more'))
    page = await buyer.cashier()
    text = told(page)
    for said in ("129.00 CNY", "Boots &amp; Co", "A-1001", "Held until you confirm", "Sandbox"):
        assert said in text
    assert "&#34;Boots&#34; &amp; more" in page.text
    assert "× 2" in text
    assert "<bdi>Boots &lt;b&gt;</bdi>" in page.text
    assert page.text.count('name="choice"') == 2
    assert '<html lang="en">' in page.text
    assert page.text.count("<script") == page.text.count('<script src="/static/') == 1
    assert " style=" not in page.text


async def test_choosing_a_method_leads_to_the_banks_own_page(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    sent = await buyer.send(page, "payment", choice="sandbox/card")
    location = f"http://bank.invalid/{buyer.escrow['id']}:payment:1"
    assert (sent.status_code, sent.headers["location"]) == (303, location)
    waiting = await buyer.cashier()
    assert "Waiting for the bank" in told(waiting)
    assert 'http-equiv="refresh"' in waiting.text


async def test_a_buyer_back_from_the_bank_is_not_asked_to_pay_again(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    await buyer.send(await buyer.cashier(), "payment", choice="sandbox/card")
    here = f"/pay/{buyer.escrow['id']}"
    back = await browser.get(here, params={"looked": 0})
    assert "Asking your bank" in told(back)
    assert 'name="choice"' not in back.text
    assert f'content="1;url={here}?looked=1"' in back.text
    still = await browser.get(here, params={"looked": LOOKS})
    assert "Waiting for the bank" in told(still)
    assert 'name="choice"' in still.text


async def test_the_banks_report_comes_while_the_buyer_is_on_the_way_back(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    await buyer.send(await buyer.cashier(), "payment", choice="sandbox/card")
    reference = f"{buyer.escrow['id']}:payment:1"
    teller.truths[reference] = Deducted(buyer.escrow["amount"])
    handle = temporal.client.get_workflow_handle(buyer.escrow["id"])
    await handle.signal("bank_reported", BankReport(reference))
    for looked in range(LOOKS):
        page = await browser.get(f"/pay/{buyer.escrow['id']}", params={"looked": looked})
        if "Paid, and held for you" in told(page):
            break
    assert "Paid, and held for you" in told(page)


async def test_pressing_the_button_twice_is_one_payment(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    pressed = await asyncio.gather(
        *(buyer.send(page, "payment", choice="sandbox/card") for _ in range(4))
    )
    assert len({answer.headers["location"] for answer in pressed}) == 1
    assert teller.times("start", f"{buyer.escrow['id']}:payment:2") == 0


async def test_another_way_to_pay_closes_the_first_at_the_bank(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    await buyer.send(await buyer.cashier(), "payment", choice="sandbox/card")
    again = await buyer.send(await buyer.cashier(), "payment", choice="sandbox/online_banking")
    assert again.headers["location"].endswith(":payment:2")
    assert teller.times("close", f"{buyer.escrow['id']}:payment:1") == 1


async def test_a_declined_payment_says_why_and_offers_to_try_again(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    teller.refusals[f"{buyer.escrow['id']}:payment:1"] = Declined("insufficient_funds")
    page = await buyer.send(await buyer.cashier(), "payment", choice="sandbox/card")
    assert page.status_code == 409
    assert "does not have enough money" in told(page)
    assert 'name="choice"' in page.text


async def test_after_paying_the_cashier_shows_the_way_on(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await paid(shop, teller, temporal))
    page = await buyer.cashier()
    assert "Paid, and held for you" in told(page)
    assert 'name="choice"' not in page.text
    assert f'href="/orders/{buyer.escrow["id"]}"' in page.text
    assert 'href="https://shop.example/orders/A-1001"' in page.text


async def test_a_buyer_may_cancel_before_paying(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    await buyer.cashier()
    second = await browser.get(f"/pay/{buyer.escrow['id']}/cancellation")
    assert "closed for good" in told(second)
    done = await buyer.send(second, "cancellation")
    assert done.status_code == 303
    assert (await browser.get(str(second.url))).status_code == 303
    page = await buyer.cashier()
    assert "This order is closed" in told(page)
    assert "Order cancelled" in told(page)
    assert "No money was taken" in told(page)


async def test_an_order_that_nobody_paid_in_time_says_so(
    shop: Shop, teller: ScriptedBank, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create(terms={"windows": {"payment": "PT1S"}}))
    await until(shop, buyer.escrow, "closed")
    assert "nobody paid in time" in told(await buyer.cashier())


async def test_a_method_that_nobody_offers_is_refused_on_the_page(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    for choice in ("sandbox/cash", "cash", "sandbox/", "/", "a/b/c"):
        refused = await buyer.send(page, "payment", choice=choice)
        assert (refused.status_code, "Choose one of" in refused.text) == (409, True)


async def test_pages_have_strict_headers_and_the_cashiers_form_may_reach_a_bank(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    for page in (await buyer.cashier(), await buyer.order(), await browser.get("/pay/x")):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
    assert "https:" in (await buyer.cashier()).headers["content-security-policy"]
    assert "form-action 'self';" in (await buyer.order()).headers["content-security-policy"]
