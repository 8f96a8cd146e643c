"""A buyer who opens a wallet: asks for a link, finds it in the sandbox's mailbox, presses."""

import asyncio
import re

import httpx2

from runtime.demo.browser import Browser, Page, PageNotAsExpected
from runtime.demo.purchase import CODE, Buyer
from runtime.demo.rooms import Room
from runtime.demo.shop import Shop
from runtime.demo.view import View
from runtime.whereabouts import Whereabouts

#: How often the mailbox is looked into, and for how many seconds altogether.
LOOK_EVERY, PATIENCE = 0.1, 60
#: Whom the demo's shop sells to, and a card that the sandbox bank knows.
EMAIL, CARD = "buyer@shop.example", "6200000000000013"
_LINK = re.compile(r"http\S+/wallet/link/\S+")


async def sign_in(browser: Browser, at: Whereabouts, email: str) -> Page:
    """The list of purchases. Raises PageNotAsExpected."""
    entrance = await browser.open(f"{at.api_url}/wallet")
    await browser.press(entrance, "/wallet/sign-in", email=email)
    link = await browser.open(await link_for(at, email))
    return await browser.press(link, "/wallet/link/")


async def link_for(at: Whereabouts, email: str) -> str:
    """What the newest mail to this address opens. Raises PageNotAsExpected when none comes."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        for _ in range(int(PATIENCE / LOOK_EVERY)):
            mails = (await http.get(f"{at.mailbox_url}/mails")).json()
            theirs = [mail["text"] for mail in mails if mail["to"] == [email]]
            if theirs and (found := _LINK.search(theirs[0])):
                return found[0]
            await asyncio.sleep(LOOK_EVERY)
    raise PageNotAsExpected(f"no mail to {email} came to {at.mailbox_url}")


async def wallet(at: Whereabouts, shop: Shop) -> list[View]:
    """Its pages and states, of a buyer with purchases and a card that the bank remembers.

    Raises Refused, PageNotAsExpected.
    """
    async with Browser() as browser:
        await sign_in(browser, at, EMAIL)
        paid = await shop.order("T-2005", 12_900, "Walking boots, size 42")
        page = await Buyer(shop, browser).at_bank(paid, "card")
        page = await browser.press(page, "/card", number=CARD, expiry="12/49", cvc="123")
        await browser.press(page, "/confirm", code=CODE, remember="yes")
        await browser.open(f"{at.api_url}/wallet/methods")
        room = Room("wallet", ("wallet", browser.cookie("wallet")))
    other = await shop.order("T-2006", 4_900, "A teapot")
    async with Browser() as stranger:
        entrance = await stranger.open(f"{at.api_url}/wallet")
        await stranger.press(entrance, "/wallet/sign-in", email="new@buyer.example")
    link = await link_for(at, "new@buyer.example")
    return [
        View("wallet-sign-in", "", "/wallet/sign-in"),
        View("wallet-sign-in-sent", "", "/wallet/sign-in?sent=true"),
        View("wallet-sign-in-wrong", "", "/wallet/sign-in", wrong="nobody@here"),
        View("wallet-link", "", link.removeprefix(at.api_url)),
        View("wallet-link-over", "", "/wallet/link/x"),
        room.view("purchases", "/wallet"),
        room.view("purchases-none", "/wallet?show=disputed&cursor="),
        room.view("methods", "/wallet/methods"),
        room.view("account", "/wallet/account"),
        View("wallet-cashier", other["checkout_url"], f"/pay/{other['id']}", cookie=room.cookie),
    ]
