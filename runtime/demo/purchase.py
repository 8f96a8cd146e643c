"""One purchase through the public doors: the merchant's API, the pages, the bank's own page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.demo.browser import Browser, Page
from runtime.demo.shop import Escrow, Shop, buyers_token

#: What a person reads while the purchase goes on, in order.
CHAPTERS = (
    "The shop starts a purchase",
    "The buyer chooses a bank at the cashier",
    "The buyer pays at the bank's own page",
    "The bank reports, the money is held",
    "The shop sends the goods",
    "The buyer confirms receipt",
    "The money is released to the shop",
)
DONE = "One purchase, from the order to the release"
PRICE = 12_900
#: A customer of the sandbox bank, as its page tells everybody.
CUSTOMER, PASSWORD, CODE = "li.lei", "sandbox", "123456"

Told = Callable[[str], None]


def silent(_chapter: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody with a link, at a browser."""

    shop: Shop
    browser: Browser

    async def at_bank(self, escrow: Escrow, method: str = "online_banking") -> Page:
        """Choose a method at the cashier; the page of the bank that follows."""
        cashier = await self.browser.open(escrow["checkout_url"])
        return await self.browser.press(cashier, f"sandbox/{method}")

    async def pay(self, escrow: Escrow) -> None:
        """Pay at the bank's page."""
        await self.approve(await self.at_bank(escrow))

    async def approve(self, page: Page) -> Page:
        """Sign in and enter the code; the bank sends the buyer back to the cashier."""
        page = await self.browser.press(page, "/sign-in", customer=CUSTOMER, password=PASSWORD)
        return await self.browser.press(page, "/confirm", code=CODE)

    async def confirm(self, escrow: Escrow) -> Escrow:
        """Say that the goods are there, as the holder of the link."""
        path = f"/v1/escrows/{escrow['id']}/receipt"
        return await self.shop.command(path, token=buyers_token(escrow))

    async def complain(self, escrow: Escrow, amount: int, reason: str = "damaged") -> Escrow:
        """Dispute `amount` of what is held, as the holder of the link."""
        path = f"/v1/escrows/{escrow['id']}/dispute"
        complaint: dict[str, object] = {"amount": amount, "reason": reason}
        return await self.shop.command(path, complaint, token=buyers_token(escrow))

    async def show(self, escrow: Escrow, said: str, name: str, file: bytes) -> None:
        """Say and show what came, for an open dispute."""
        token = buyers_token(escrow)
        await self.shop.say(escrow, said, token=token)
        await self.shop.show(escrow, name, file, token=token)


async def ship(shop: Shop, escrow: Escrow) -> Escrow:
    body: dict[str, Any] = {"carrier": "SF Express", "tracking": "SF1234567890"}
    return await shop.command(f"/v1/escrows/{escrow['id']}/shipment", body)


async def buy(shop: Shop, order_id: str, told: Told = silent) -> Escrow:
    """From the order to the release; the purchase as the API shows it at the end."""
    chapters = iter(CHAPTERS)
    async with Browser() as browser:
        buyer = Buyer(shop, browser)
        told(next(chapters))
        escrow = await shop.order(order_id, PRICE, "Walking boots, size 42")
        told(next(chapters))
        page = await buyer.at_bank(escrow)
        told(next(chapters))
        await buyer.approve(page)
        told(next(chapters))
        await shop.until(escrow["id"], "awaiting_shipment")
        told(next(chapters))
        await ship(shop, escrow)
        told(next(chapters))
        await buyer.confirm(escrow)
        told(next(chapters))
        return await shop.until(escrow["id"], "completed")
