"""A buyer at the sandbox bank's page, by the screenless browser that the demo uses too."""

import ssl

import httpx2

from banks.sandbox.magic import CODE, PASSWORD, PAYMENT_PASSWORD
from runtime.demo.browser import Browser, Page

#: Reading the machine's certificates takes longer than a payment: once is enough for all clients.
TLS = ssl.create_default_context()


def new_browser() -> Browser:
    return Browser(transport=httpx2.AsyncHTTPTransport(verify=TLS))


async def pay(page_url: str, customer: str = "li.lei") -> Page:
    """Sign in, confirm, and go where the bank sends the buyer."""
    async with new_browser() as browser:
        page = await browser.open(page_url)
        page = await browser.press(page, "/sign-in", customer=customer, password=PASSWORD)
        return await browser.press(page, "/confirm", code=CODE)


async def pay_by_card(page_url: str, number: str, *, remember: bool = False) -> Page:
    """`remember`: with the box ticked, whether or not the page has one."""
    ticked = {"remember": "yes"} if remember else {}
    async with new_browser() as browser:
        page = await browser.open(page_url)
        page = await browser.press(page, "/card", number=number, expiry="12/49", cvc="123")
        return await browser.press(page, "/confirm", code=CODE, **ticked)


async def pay_saved(page_url: str, password: str = PAYMENT_PASSWORD) -> Page:
    """By the method that the bank remembers."""
    async with new_browser() as browser:
        return await browser.press(await browser.open(page_url), "/saved", password=password)


async def cancel(page_url: str) -> Page:
    async with new_browser() as browser:
        return await browser.press(await browser.open(page_url), "/cancel")
