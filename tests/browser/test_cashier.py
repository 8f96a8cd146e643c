"""The cashier in a real browser: after a decline, on the phone, too late, without scripts."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from runtime.demo.gallery import POOR, expired
from runtime.demo.merchant import new_merchant
from runtime.demo.purchase import CODE, CUSTOMER, PASSWORD, ship
from runtime.demo.shop import Escrow, Shop
from runtime.stack import Stack

#: Milliseconds for whatever a slow machine may take; nothing waits for it to end.
PATIENCE = 60_000
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    merchant = await new_merchant(stack, "Boots & Co", "")
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        yield shop


@pytest_asyncio.fixture
async def desktop(browser: Browser) -> AsyncIterator[BrowserContext]:
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(locale="en", timezone_id="Asia/Shanghai")
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def ordered(shop: Shop, order_id: str) -> Escrow:
    return await shop.order(order_id, 12_900, "Walking boots, size 42")


async def pay(page: Page, method: str, customer: str) -> None:
    """From the cashier to the bank's answer, on the bank's page."""
    await page.get_by_role("button", name=method).click()
    await page.get_by_label("Customer").fill(customer)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Code", exact=True).fill(CODE)
    await page.get_by_role("button", name=re.compile("^Pay")).click()


async def test_declined_and_paid_in_another_way(desktop: BrowserContext, shop: Shop) -> None:
    escrow = await ordered(shop, "B-1")
    page = await desktop.new_page()
    await page.goto(escrow["checkout_url"])
    await pay(page, "Online banking", POOR)
    await page.get_by_role("link", name="Back to the shop").click()
    await expect(page.get_by_text("The account does not have enough money.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Pay in another way")).to_be_visible()
    await pay(page, "Online banking", CUSTOMER)
    await expect(page.get_by_role("heading", name="Paid, and held for you")).to_be_visible()


async def test_the_desktop_moves_on_when_the_phone_has_paid(
    browser: Browser, desktop: BrowserContext, shop: Shop
) -> None:
    """The code's link is the buyer's own, so the phone needs nothing else."""
    escrow = await ordered(shop, "B-2")
    page = await desktop.new_page()
    await page.goto(escrow["checkout_url"])
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()

    phone = await browser.new_context(viewport=PHONE, locale="zh-CN")
    phone.set_default_timeout(PATIENCE)
    hand = await phone.new_page()
    await hand.goto(escrow["checkout_url"])
    await expect(hand.locator(".qr")).to_be_hidden()
    await pay(hand, "网上银行", CUSTOMER)
    await expect(hand.get_by_role("heading", name="付款成功，货款担保中")).to_be_visible()
    await phone.close()

    await expect(page.get_by_role("heading", name="Paid, and held for you")).to_be_visible()


async def test_the_order_shows_what_the_shop_does_while_it_is_open(
    desktop: BrowserContext, shop: Shop
) -> None:
    escrow = await ordered(shop, "B-3")
    page = await desktop.new_page()
    await page.goto(escrow["checkout_url"])
    await pay(page, "Online banking", CUSTOMER)
    await page.get_by_role("link", name="Follow your order").click()
    await expect(page.get_by_text("It is the shop's turn to send the goods.")).to_be_visible()
    await ship(shop, escrow)
    await expect(page.get_by_role("link", name="Confirm receipt")).to_be_visible()
    await expect(page.locator(".deadline time.left")).to_have_text(re.compile(r"9 days 23 hours"))


async def test_times_are_the_readers_and_time_runs(desktop: BrowserContext, shop: Shop) -> None:
    escrow = await ordered(shop, "B-4")
    page = await desktop.new_page()
    await page.goto(escrow["checkout_url"])
    until = page.locator(".deadline time:not(.left)")
    in_utc = str(await until.get_attribute("title"))
    here = await until.inner_text()
    assert in_utc.endswith("UTC")
    assert (int(in_utc[-9:-7]) + 8) % 24 == int(here[-5:-3])
    left = page.locator("time.left")
    before = await left.inner_text()
    assert re.fullmatch(r"(30|2\d) minutes \d+ seconds?", before)
    await expect(left).not_to_have_text(before)


async def test_who_comes_too_late_reads_that_nothing_was_taken(
    desktop: BrowserContext, shop: Shop
) -> None:
    escrow = await expired(shop)
    page = await desktop.new_page()
    await page.goto(escrow["checkout_url"])
    await expect(page.get_by_role("heading", name="This order is closed")).to_be_visible()
    await expect(page.get_by_text("nobody paid in time")).to_be_visible()
    await expect(page.get_by_text("No money was taken")).to_be_visible()
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_without_scripts_the_page_says_the_same_and_looks_again_itself(
    browser: Browser, shop: Shop
) -> None:
    escrow = await ordered(shop, "B-5")
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(escrow["checkout_url"])
    await expect(page.locator(".deadline")).to_contain_text("UTC")
    await pay(page, "网上银行", CUSTOMER)
    await expect(page.get_by_role("heading", name="付款成功，货款担保中")).to_be_visible()
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("heading", name="Paid, and held for you")).to_be_visible()
    await context.close()
