"""The console's pages of money: what stands to the shop, and where each payout came from."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from api.scopes import Scope
from clearing.port import PayoutState
from domain.accounts import SUSPENSE, Account, Code
from tests.integration.api.buyer import told
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop
from tests.integration.api.test_merchant_console import Clerk
from tests.integration.clearing.till import Till, posting


@pytest_asyncio.fixture
async def clerk(served: str, shop: Shop) -> AsyncIterator[Clerk]:
    async with httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) as browser:
        clerk = Clerk(browser)
        await clerk.sign_in(shop.key)
        yield clerk


@pytest.fixture
def till(engine: AsyncEngine) -> Till:
    return Till(engine)


async def test_a_shop_that_sold_nothing_is_owed_nothing(clerk: Clerk) -> None:
    page = told(await clerk.http.get("/merchant/payouts"))
    assert "nothing yet" in page
    assert "Nothing was paid out yet." in page


async def test_a_payout_says_what_it_pays(clerk: Clerk, shop: Shop, till: Till) -> None:
    sold = await till.sold(shop.id, 12_900)
    await till.post(posting((Account(Code.MERCHANT_RECEIVABLE, shop.id), SUSPENSE, 900)))
    payout = await till.paid_out(shop.id, 100)
    await till.move(payout, PayoutState.FAILED, "account_closed")
    page = await clerk.http.get("/merchant/payouts")
    assert "121.00 EUR Refused (account closed) ends in 0018" in told(page)
    assert "To be paid out in EUR 121.00 EUR" in told(page)
    shown = await clerk.http.get(f"/merchant/payouts/{payout.id}")
    for words in (
        "Released: the buyer confirmed",
        "129.00 EUR",
        "What you owed us -9.00 EUR",
        "The bank's reason: account closed.",
        "we need new bank details",
    ):
        assert words in told(shown), words
    assert f'href="/merchant/orders/{sold.terms.escrow_id}"' in shown.text


async def test_a_debt_says_since_when_it_is_open(clerk: Clerk, shop: Shop, till: Till) -> None:
    await till.post(posting((Account(Code.MERCHANT_RECEIVABLE, shop.id), SUSPENSE, 900)))
    page = await clerk.http.get("/merchant/payouts")
    assert "9.00 EUR Owed since Mon, 2 Mar 2026, 12:00 UTC" in told(page)


async def test_only_ones_own_money_is_shown_and_only_to_who_may_see_it(
    clerk: Clerk, new_shop: NewShop, till: Till, served: str
) -> None:
    other = await new_shop("Other", [Scope.KEYS])
    payout = await till.paid_out(other.id)
    assert (await clerk.http.get(f"/merchant/payouts/{payout.id}")).status_code == 404
    async with httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) as browser:
        keeper = Clerk(browser)
        await keeper.sign_in(other.key)
        for path in ("", f"/{payout.id}"):
            assert (await browser.get(f"/merchant/payouts{path}")).status_code == 403
