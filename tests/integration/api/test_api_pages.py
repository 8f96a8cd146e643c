"""The buyer's pages: what they show in every state, what they do, and what they never do."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio

from banks.port import Declined, Deducted, Frozen
from tests.conftest import Temporal
from tests.integration.api.shop import Shop
from tests.integration.api.test_api_purchase import paid, shipped, until
from tests.workflows.parts import ScriptedBank

HIDDEN = re.compile(
    r'<form method="post" action="([^"]+)"[^>]*>\s*<input[^>]*name="form" value="([^"]+)"'
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """A browser that follows nothing by itself, at one purchase."""

    http: httpx2.AsyncClient
    escrow: dict[str, Any]

    async def arrive(self, url: str) -> httpx2.Response:
        """Open a link as it was given; ends at the clean address."""
        exchanged = await self.http.get(urlsplit(url).path)
        assert exchanged.status_code == 303, exchanged.text
        return await self.http.get(exchanged.headers["location"])

    async def cashier(self) -> httpx2.Response:
        return await self.arrive(self.escrow["checkout_url"])

    async def order(self) -> httpx2.Response:
        return await self.arrive(self.escrow["order_url"])

    async def send(self, page: httpx2.Response, action: str, **typed: str) -> httpx2.Response:
        """Send the form of `page` that goes to `action`."""
        forms = dict(HIDDEN.findall(page.text))
        target = f"{urlsplit(str(page.url)).path.removesuffix('/receipt')}/{action}"
        return await self.http.post(target, data={"form": forms[target], **typed})


@pytest_asyncio.fixture
async def browser(served: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) as client:
        yield client


def told(page: httpx2.Response) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("<body>")[1]).split())


async def test_a_link_becomes_a_cookie_and_leaves_the_address(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    exchanged = await browser.get(urlsplit(escrow["checkout_url"]).path)
    assert (exchanged.status_code, exchanged.headers["location"]) == (303, f"/pay/{escrow['id']}")
    cookie = exchanged.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = await browser.get(exchanged.headers["location"])
    assert page.status_code == 200
    assert escrow["checkout_url"].rsplit("/", 1)[1] not in page.text


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
    assert "Boots &lt;b&gt;" in page.text
    assert "× 2" in text
    assert page.text.count('name="choice"') == 2
    assert '<html lang="en">' in page.text
    assert "<script" not in page.text
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
    done = await buyer.send(await buyer.cashier(), "cancellation")
    assert done.status_code == 303
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
    assert "Where the money is" not in text


async def test_looking_never_acts(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    """Mail scanners and previews follow links: GET and HEAD of everything, twice."""
    escrow = await shipped(shop, teller, temporal)
    buyer = Buyer(browser, escrow)
    await buyer.order()
    await buyer.cashier()
    here = f"/orders/{escrow['id']}"
    paths = [here, f"{here}/receipt", f"{here}/extension", f"/pay/{escrow['id']}"]
    paths += [f"/pay/{escrow['id']}/payment", f"/pay/{escrow['id']}/cancellation"]
    for path in (*paths, *paths):
        for method in ("GET", "HEAD"):
            answer = await browser.request(method, path, params={"typed": "1001"})
            assert answer.status_code in (200, 405)
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow


async def test_without_the_cookie_nothing_is_shown(shop: Shop, browser: httpx2.AsyncClient) -> None:
    escrow = await shop.create()
    for path in (f"/pay/{escrow['id']}", f"/orders/{escrow['id']}", "/pay/esc_" + "0" * 32):
        page = await browser.get(path)
        assert page.status_code == 401
        assert "open the link from the shop again" in page.text
        assert "129.00" not in page.text


async def test_the_cookie_of_one_purchase_does_not_open_another(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    mine, other = await shop.create(), await shop.create()
    token = mine["checkout_url"].rsplit("/", 1)[1]
    browser.cookies.set(other["id"], token)
    assert (await browser.get(f"/pay/{other['id']}")).status_code == 404


@pytest.mark.parametrize("folder", ["pay", "orders"])
@pytest.mark.parametrize("token", ["x", "a.b", "%00", "esc_x", "0" * 2000, "é"])
async def test_what_is_no_link_is_a_page_that_says_so(
    browser: httpx2.AsyncClient, folder: str, token: str
) -> None:
    page = await browser.get(f"/{folder}/{token}")
    assert page.status_code == 401
    assert page.headers["content-type"].startswith("text/html")
    assert "not a valid link" in page.text
    assert "set-cookie" not in page.headers


async def test_an_expired_link_says_so(shop: Shop, browser: httpx2.AsyncClient) -> None:
    escrow = await shop.create()
    expired = shop.doors.links.token(escrow["id"], datetime.now(UTC) - timedelta(seconds=1))
    page = await browser.get(f"/pay/{expired}")
    assert (page.status_code, "This link has expired" in page.text) == (401, True)


async def test_a_form_that_we_did_not_make_does_nothing(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    escrow = await shipped(shop, teller, temporal)
    buyer = Buyer(browser, escrow)
    page = await buyer.order()
    path = f"/orders/{escrow['id']}"
    extension_form = dict(HIDDEN.findall(page.text))[f"{path}/extension"]
    receipt = await browser.get(f"{path}/receipt")
    receipt_form = dict(HIDDEN.findall(receipt.text))[f"{path}/receipt"]
    answers = [
        await browser.post(f"{path}/receipt", data={"form": extension_form, "typed": "1001"}),
        await browser.post(f"{path}/receipt", data={"form": "x", "typed": "1001"}),
        await browser.post(
            f"{path}/receipt",
            data={"form": receipt_form, "typed": "1001"},
            headers={"Sec-Fetch-Site": "cross-site"},
        ),
    ]
    assert {answer.status_code for answer in answers} == {403}
    missing = [
        await browser.post(f"{path}/receipt", data={"typed": "1001"}),
        await browser.post(f"{path}/receipt", content=b"\xff\xfe"),
        await browser.post(f"{path}/receipt", data={"form": "x" * 70_000}),
    ]
    assert [answer.status_code for answer in missing] == [422, 422, 413]
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow


async def test_a_method_that_nobody_offers_is_refused_on_the_page(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    for choice in ("sandbox/cash", "cash", "sandbox/", "/", "a/b/c"):
        refused = await buyer.send(page, "payment", choice=choice)
        assert (refused.status_code, "choose one of" in refused.text) == (409, True)


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


async def test_the_reference_is_served_without_anybody_elses_server(
    browser: httpx2.AsyncClient,
) -> None:
    reference = await browser.get("/docs")
    assert "POST" in reference.text
    assert "/v1/escrows/{escrow_id}/shipment" in reference.text
    errors = await browser.get("/docs/errors")
    assert 'id="wrong_stage"' in errors.text
    for page in (reference, errors):
        assert "src=" not in page.text.replace('src="/static/', "")
    assert (await browser.get("/openapi.json")).json()["openapi"].startswith("3.1")
    for name in ("danbao.css", "danbao.svg"):
        assert (await browser.get(f"/static/{name}")).status_code == 200
    assert (await browser.get("/static/../app.py")).status_code == 404
