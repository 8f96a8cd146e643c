"""A dispute as four people click through it: reported, contested, proposed, approved."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from runtime.demo.browser import Browser as Pages
from runtime.demo.merchant import NewMerchant, new_merchant, new_operator
from runtime.demo.purchase import Buyer, ship
from runtime.demo.shop import Escrow, Shop
from runtime.stack import Stack
from tests.browser.test_cashier import PATIENCE
from tests.integration.api.complaint import png

WHAT = "The left boot has a hole."
WHY = "It left us whole."
Somebody = Callable[[], Awaitable[Page]]


@pytest_asyncio.fixture
async def somebody(browser: Browser) -> AsyncIterator[Somebody]:
    """A page of somebody's own browser, which runs no scripts: all of this works without."""
    expect.set_options(timeout=PATIENCE)
    contexts: list[BrowserContext] = []

    async def arrive() -> Page:
        context = await browser.new_context(locale="en", java_script_enabled=False)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return await context.new_page()

    yield arrive
    for context in contexts:
        await context.close()


@pytest_asyncio.fixture(scope="module")
async def merchant(stack: Stack) -> NewMerchant:
    return await new_merchant(stack, "Boots & Co", "")


async def sent(stack: Stack, merchant: NewMerchant, order_id: str) -> Escrow:
    """Paid at the bank's page and shipped."""
    async with Shop(stack.at.api_url, merchant.api_key) as shop, Pages() as pages:
        escrow = await shop.order(order_id, 12_900, "Walking boots, size 42")
        await Buyer(shop, pages).pay(escrow)
        await shop.until(escrow["id"], "awaiting_shipment")
        await ship(shop, escrow)
        return await shop.until(escrow["id"], "awaiting_confirmation")


async def report(page: Page, escrow: Escrow, photo: Path) -> None:
    await page.goto(escrow["order_url"])
    await page.get_by_role("link", name="Report a problem").click()
    await page.get_by_label("A part of it:").check()
    await page.get_by_label("The part, in CNY").fill("40.00")
    await page.get_by_label("It is damaged").check()
    await page.get_by_label("What happened?").fill(WHAT)
    await page.get_by_label("Photos or documents").set_input_files(photo)
    await page.get_by_role("button", name="Report the problem").click()
    await expect(page.get_by_role("heading", name="You dispute 40.00 CNY")).to_be_visible()
    await expect(page.get_by_text("It is the shop's turn")).to_be_visible()


async def contest(page: Page, stack: Stack, merchant: NewMerchant, order_id: str) -> None:
    await page.goto(f"{stack.at.api_url}/merchant")
    await page.get_by_label("Your API key").fill(merchant.api_key)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name=order_id, exact=True).click()
    await expect(page.get_by_text(WHAT)).to_be_visible()
    await page.get_by_role("link", name="Contest it").click()
    await page.get_by_label("Why is the buyer not right?").fill(WHY)
    await page.get_by_role("button", name="Contest").click()
    await expect(page.get_by_text("We decide by")).to_be_visible()


async def at_desk(page: Page, stack: Stack, login: str, role: str, order_id: str) -> None:
    """An operator of this role, signed in and at the dispute."""
    operator = await new_operator(stack, login, role)
    await page.goto(f"{stack.at.api_url}/operator")
    await page.get_by_label("Login").fill(operator.login)
    await page.get_by_label("Password").fill(operator.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name=order_id, exact=True).click()
    await expect(page.get_by_text(WHAT)).to_be_visible()
    await expect(page.get_by_text(WHY)).to_be_visible()


async def test_a_dispute_is_contested_and_split_by_two(
    stack: Stack, merchant: NewMerchant, somebody: Somebody, tmp_path: Path
) -> None:
    buyer, clerk, mei, tomas = [await somebody() for _ in range(4)]
    photo = tmp_path / "hole.png"
    photo.write_bytes(png())
    order_id = f"D-{tmp_path.name[-6:]}"
    escrow = await sent(stack, merchant, order_id)
    await report(buyer, escrow, photo)
    await contest(clerk, stack, merchant, order_id)

    await at_desk(mei, stack, f"mei-{tmp_path.name}".lower(), "operator", order_id)
    await mei.get_by_label("Back to the buyer, CNY").fill("30.00")
    await mei.get_by_label("To the merchant, CNY").fill("10.00")
    await mei.get_by_label("Why").fill("The photograph shows it.")
    await mei.get_by_role("button", name="Propose", exact=True).click()
    await expect(mei.get_by_text("Somebody else has to approve it.")).to_be_visible()
    await expect(mei.get_by_role("button", name="Approve and divide")).to_be_hidden()

    await at_desk(tomas, stack, f"tomas-{tmp_path.name}".lower(), "approver", order_id)
    await tomas.get_by_role("button", name="Approve and divide").click()
    await expect(tomas.get_by_text("dispute resolved")).to_be_visible()

    await buyer.goto(escrow["order_url"])
    await expect(buyer.get_by_text("We decided the dispute")).to_be_visible()
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        now = next(one for one in await shop.orders() if one["id"] == escrow["id"])
    money = tuple(now[name] for name in ("held", "disputed", "released", "refunded"))
    assert money == (8_900, 0, 1_000, 3_000)
