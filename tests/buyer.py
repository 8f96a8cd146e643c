"""A buyer at the sandbox bank's page, by the screenless browser that the demo uses too."""

from banks.sandbox.magic import CODE, PASSWORD
from runtime.demo.browser import Browser, Page


async def pay(page_url: str, customer: str = "li.lei") -> Page:
    """Sign in, confirm, and go where the bank sends the buyer."""
    async with Browser() as browser:
        page = await browser.open(page_url)
        page = await browser.press(page, "/sign-in", customer=customer, password=PASSWORD)
        return await browser.press(page, "/confirm", code=CODE)


async def pay_by_card(page_url: str, number: str) -> Page:
    async with Browser() as browser:
        page = await browser.open(page_url)
        page = await browser.press(page, "/card", number=number, expiry="12/49", cvc="123")
        return await browser.press(page, "/confirm", code=CODE)


async def cancel(page_url: str) -> Page:
    async with Browser() as browser:
        return await browser.press(await browser.open(page_url), "/cancel")
