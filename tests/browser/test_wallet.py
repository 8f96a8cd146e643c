"""The wallet in a real browser: in by a mail, paid by what the bank remembers, confirmed there."""

import re

from playwright.async_api import Browser, Page, expect

from banks.sandbox.magic import PAYMENT_PASSWORD
from runtime.demo.merchant import new_merchant
from runtime.demo.purchase import CODE, ship
from runtime.demo.shop import Escrow, Shop
from runtime.stack import Stack
from tests.browser.test_cashier import PATIENCE, PHONE

EMAIL = "mei@buyer.example"
CARD = "6200000000000013"


async def ordered(shop: Shop, order_id: str, email: str = "a.friend@buyer.example") -> Escrow:
    order = {
        "order_id": order_id,
        "amount": 12_900,
        "currency": "CNY",
        "description": f"Boots of {order_id}",
        "buyer": {"email": email},
        "return_url": "https://shop.example/orders",
    }
    return await shop.command("/v1/escrows", order)


async def sign_in(page: Page, mailbox: Page, stack: Stack) -> None:
    await page.goto(f"{stack.at.api_url}/wallet")
    await page.get_by_label("Your e-mail address").fill(EMAIL)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    await mailbox.goto(stack.at.mailbox_url)
    link = mailbox.locator("article", has_text=EMAIL).first.get_by_role("link")
    await expect(link).to_be_visible()
    await page.goto(str(await link.get_attribute("href")))
    await page.get_by_role("button", name="Open it").click()
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()


async def pay_by_card(page: Page, escrow: Escrow) -> None:
    """For the first time, and let the bank remember it."""
    await page.goto(escrow["checkout_url"])
    await page.get_by_role("button", name="Bank card").click()
    await page.get_by_label("Card number").fill(CARD)
    await page.get_by_label("Expires").fill("12/49")
    await page.get_by_label("Security code").fill("123")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Code", exact=True).fill(CODE)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name=re.compile("^Pay")).click()
    await expect(page.get_by_role("heading", name="Paid, and held for you")).to_be_visible()


async def test_a_buyer_with_a_wallet(stack: Stack, browser: Browser) -> None:
    """On a phone, without scripts."""
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(locale="en", java_script_enabled=False, viewport=PHONE)
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await sign_in(page, await context.new_page(), stack)
    merchant = await new_merchant(stack, "Boots & Co", "")
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        await pay_by_card(page, await ordered(shop, "W-1"))
        await page.get_by_role("link", name="Follow your order").click()
        await page.get_by_role("button", name="Keep it in my wallet").click()
        await expect(page.get_by_role("link", name="It is in your wallet")).to_be_visible()

        escrow = await ordered(shop, "W-2", EMAIL)
        await page.goto(escrow["checkout_url"])
        await page.get_by_role("button", name="UnionPay •••• 0013").click()
        await page.get_by_label("Payment password").fill(PAYMENT_PASSWORD)
        await page.get_by_role("button", name=re.compile("^Pay")).click()
        await expect(page.get_by_role("heading", name="Paid, and held for you")).to_be_visible()
        await ship(shop, escrow)
        await shop.until(escrow["id"], "awaiting_confirmation")

        await (
            page.get_by_role("link", name="Your wallet")
            .or_(page.get_by_role("link", name="It is in your wallet"))
            .click()
        )
        await expect(page.get_by_role("link", name="Boots of W-1")).to_be_visible()
        await page.get_by_role("link", name="Your turn").click()
        await page.get_by_role("link", name="Boots of W-2").click()
        await page.get_by_role("link", name="Confirm receipt").click()
        await page.get_by_role("textbox").fill("W-2")
        await page.get_by_role("button", name="Release the money to the shop").click()
        await shop.until(escrow["id"], "completed")
    await page.goto(f"{stack.at.api_url}/wallet/methods")
    await page.get_by_role("button", name="Remove UnionPay •••• 0013").click()
    await expect(page.get_by_text("Nothing is kept for you yet.")).to_be_visible()
    await context.close()
