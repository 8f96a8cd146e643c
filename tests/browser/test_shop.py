"""Somebody buys in the example shop and pays at the bank's page; the shop sends, they confirm."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from playwright.async_api import Error as PlaywrightError

from runtime.demo.purchase import CODE, CUSTOMER, PASSWORD
from runtime.stack import Stack

#: Milliseconds for whatever a slow machine may take; nothing waits for it to end.
PATIENCE = 60_000
DESKTOP, PHONE = (1280, 800), (390, 844)


@pytest_asyncio.fixture(params=[(DESKTOP, True), (PHONE, False)], ids=["desktop", "phone, no JS"])
async def context(
    browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[BrowserContext]:
    (width, height), scripts = request.param
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def pay(page: Page) -> None:
    """From the cashier to the bank's page and back."""
    await press(page, "Online banking")
    await page.get_by_label("Customer").fill(CUSTOMER)
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Sign in")
    await page.get_by_label("Code", exact=True).fill(CODE)
    await press(page, "Pay")
    await expect(page.get_by_text("Paid, and held for you")).to_be_visible()


async def confirm(page: Page) -> None:
    """In two steps, since it can't be undone."""
    await page.get_by_role("link", name="Confirm receipt").click()
    word = await page.locator("label code").inner_text()
    await page.get_by_label("To confirm").fill(word)
    await press(page, "Release the money")


async def ship(order: Locator) -> None:
    """Press it until it is sent: the list may look again just when the button is pressed."""
    for _ in range(5):
        with contextlib.suppress(PlaywrightError):
            await order.get_by_role("button", name="Ship").click(timeout=PATIENCE / 5)
        with contextlib.suppress(AssertionError):
            await expect(order).to_contain_text("on its way", timeout=PATIENCE / 5)
            return
    raise AssertionError("pressed and pressed, and it is not sent")


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    box = await page.locator("main").bounding_box()
    assert page.viewport_size is not None
    assert box is not None
    return box["width"] <= page.viewport_size["width"]


async def test_bought_paid_shipped_and_confirmed(context: BrowserContext, stack: Stack) -> None:
    buyer, office = await context.new_page(), await context.new_page()
    await buyer.goto(stack.at.shop_url)
    assert await fits(buyer)
    await press(buyer, "Buy Walking boots")
    await expect(buyer.get_by_text("You pay", exact=True)).to_be_visible()
    await pay(buyer)

    # The list looks again by itself, with or without JavaScript: nobody reloads it here.
    await office.goto(f"{stack.at.shop_url}/orders")
    order = office.locator("li.card").first
    await expect(order).to_contain_text("paid: send it")
    assert await fits(office)
    await ship(order)

    await buyer.get_by_role("link", name="Back to the shop").click()
    await expect(buyer.get_by_role("heading", name="Thank you")).to_be_visible()
    await expect(buyer.get_by_text("on its way")).to_be_visible()
    await buyer.get_by_role("link", name="Follow your order").click()
    await confirm(buyer)
    await expect(order).to_contain_text("completed")
    await expect(office.locator(".news")).to_contain_text("escrow.released")


async def test_a_button_pressed_twice_is_one_order(stack: Stack) -> None:
    """Also when the buyer went back to the catalogue in between."""
    async with httpx2.AsyncClient(base_url=stack.at.shop_url, trust_env=False) as buyer:
        ticket = re.findall(r'"ticket" value="(.*?)"', (await buyer.get("/")).text)[0]
        form = {"product": "lamp", "email": "li.lei@example.com", "ticket": ticket}
        led = [await buyer.post("/orders", data=form) for _ in range(2)]
        office = (await buyer.get("/orders")).text
    assert [answer.status_code for answer in led] == [303, 303]
    assert led[0].headers["location"] == led[1].headers["location"]
    assert office.count("A reading lamp") == 1


async def listed(stack: Stack) -> list[str]:
    """Ids of the purchases that the back office shows."""
    async with httpx2.AsyncClient(base_url=stack.at.shop_url, trust_env=False) as office:
        return re.findall(r'id="(esc_\w+)"', (await office.get("/orders")).text)


async def test_a_shop_that_was_killed_goes_on_with_its_orders(stack: Stack) -> None:
    before = await listed(stack)
    stack.kill("shop")
    await stack.start("shop")
    assert await listed(stack) == before
    assert before


async def test_a_shop_that_lost_its_books_reads_them_in_the_log(stack: Stack) -> None:
    before = await listed(stack)
    stack.kill("shop")
    (stack.home / "shop.sqlite").unlink()
    await stack.start("shop")
    async with asyncio.timeout(PATIENCE / 1000):
        while await listed(stack) != before:  # noqa: ASYNC110 (a page has no event)
            await asyncio.sleep(0.1)
    assert len(before) > 1


async def test_an_order_that_danbao_refuses_is_a_page_that_says_why(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.at.shop_url, trust_env=False) as buyer:
        form = {"product": "lamp", "email": "nobody", "ticket": "t" * 22}
        refused = await buyer.post("/orders", data=form)
    assert refused.status_code == 422
    assert "must be an e-mail address" in refused.text
