"""Every page and state that a buyer can see, each with a real purchase in it; then the rooms'."""

from collections.abc import Iterator

from runtime.demo.browser import Browser, PageNotAsExpected
from runtime.demo.merchant import new_merchant
from runtime.demo.payday import say_where_to_pay
from runtime.demo.purchase import CODE, PASSWORD, Buyer
from runtime.demo.rooms import DEAF, rooms
from runtime.demo.scenes import play, shipped
from runtime.demo.shop import POLLS, Escrow, Shop
from runtime.demo.view import View
from runtime.demo.wallet import wallet
from runtime.stack import Stack

#: A customer of the sandbox bank whose account is nearly empty.
POOR = "wang.wu"
#: Their cashier looks as it does for one that is paid.
AFTERWARDS = ("sent", "disputed", "contested")


async def views(stack: Stack, name: str) -> list[View]:
    """Plays purchases of a new merchant into every state.

    Raises Refused, PageNotAsExpected, NotOnboarded.
    """
    merchant = await new_merchant(stack, name, DEAF)
    await say_where_to_pay(stack, merchant, name)
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        played = await _played(shop)
        inside = await rooms(stack, shop, merchant, played)
        inside += await wallet(stack.at, shop)
    return [
        *(at("cashier", name, buy) for name, buy in played.items() if name not in AFTERWARDS),
        *(at("order", name, buy) for name, buy in played.items()),
        *_steps(played),
        View("no-link", "", "/pay/x"),
        View("no-cookie", "", f"/orders/{played['unpaid']['id']}"),
        *inside,
    ]


async def _played(shop: Shop) -> dict[str, Escrow]:
    played = {name.replace(" ", "-"): purchase for name, purchase in _named(await play(shop))}
    played |= {
        "declined": await declined(shop),
        "expired": await expired(shop),
        "completed": await completed(shop),
        "with-items": await with_items(shop),
    }
    return played


def _named(scenes: dict[str, Escrow]) -> Iterator[tuple[str, Escrow]]:
    """By short names, in the order of the scenes."""
    names = (
        "unpaid", "at-bank", "paid", "frozen", "sent", "disputed", "contested", "refunded",
        "cancelled",
    )  # fmt: skip
    return zip(names, scenes.values(), strict=True)


def _steps(played: dict[str, Escrow]) -> Iterator[View]:
    """The second steps, where something is confirmed or written."""
    yield at("cashier", "back-from-bank", played["at-bank"], "?looked=0")
    yield at("cashier", "cancellation", played["unpaid"], "/cancellation")
    yield at("order", "receipt", played["sent"], "/receipt")
    yield at("order", "receipt-wrong", played["sent"], "/receipt", wrong="?")
    yield at("order", "problem", played["sent"], "/problem")
    yield at("order", "evidence", played["disputed"], "/evidence")
    yield at("order", "withdrawal", played["disputed"], "/withdrawal")


def at(folder: str, name: str, purchase: Escrow, step: str = "", *, wrong: str = "") -> View:
    """`folder`: the cashier or the order's page."""
    link = purchase["checkout_url" if folder == "cashier" else "order_url"]
    path = "/pay" if folder == "cashier" else "/orders"
    return View(f"{folder}-{name}", link, f"{path}/{purchase['id']}{step}", wrong)


async def declined(shop: Shop) -> Escrow:
    """The buyer tried to pay, and there was not enough money."""
    escrow = await shop.order("T-2001", 12_900, "Walking boots, size 42")
    async with Browser() as browser:
        page = await Buyer(shop, browser).at_bank(escrow)
        page = await browser.press(page, "/sign-in", customer=POOR, password=PASSWORD)
        await browser.press(page, "/confirm", code=CODE)
        for _ in range(POLLS):
            # The bank's report is on its way to us: this page waits for it.
            page = await browser.open(escrow["checkout_url"])
            page = await browser.open(f"{page.url}?looked=0")
            if "does not have enough money" in page.text:
                return escrow
    raise PageNotAsExpected(f"{page.url} is not declined: {page.text}")


async def with_items(shop: Shop) -> Escrow:
    """Small things, in a currency without decimals."""
    items = [
        {"name": "Green tea, first flush, 100 g", "quantity": 2, "amount": 5_600},
        {"name": "Gift wrapping", "quantity": 1, "amount": 300},
    ]
    order = {
        "order_id": "T-2004",
        "amount": 5_900,
        "currency": "JPY",
        "description": "Tea for a birthday",
        "items": items,
        "buyer": {"email": "buyer@shop.example"},
        "return_url": "https://shop.example/orders/T-2004",
    }
    return await shop.command("/v1/escrows", order)


async def expired(shop: Shop) -> Escrow:
    """Nobody paid in time."""
    escrow = await shop.order("T-2002", 4_900, "A teapot", windows={"payment": "PT1S"})
    return await shop.until(escrow["id"], "closed")


async def completed(shop: Shop) -> Escrow:
    async with Browser() as browser:
        buyer = Buyer(shop, browser)
        escrow = await shipped(shop, buyer, "T-2003")
        await buyer.confirm(escrow)
    return await shop.until(escrow["id"], "completed")
