"""Every page and state of the merchant's console and of the operators' desk, signed in."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.demo.browser import Browser
from runtime.demo.merchant import NewMerchant, NewOperator, new_operator
from runtime.demo.payday import clear, paid
from runtime.demo.purchase import Buyer
from runtime.demo.scenes import contested
from runtime.demo.shop import Escrow, Shop, buyers_token
from runtime.demo.view import View
from runtime.engineer.disputes import APPROVER, PROPOSER
from runtime.stack import Stack

#: A server of a merchant's that hears nothing: what it was not told stands in the pages.
DEAF = "http://127.0.0.1:9/webhooks"
WHAT, WHY = "The left boot has a hole.", "It left us whole, as the photographs show."
NOTE = "A scratch, as the photographs show."


@dataclass(frozen=True, slots=True)
class Room:
    """`name` begins its views' names, `cookie` is of whoever is signed in there."""

    name: str
    cookie: tuple[str, str]

    def view(self, name: str, path: str, wrong: str = "") -> View:
        return View(f"{self.name}-{name}", "", path, wrong, self.cookie)


async def rooms(
    stack: Stack, shop: Shop, merchant: NewMerchant, played: dict[str, Escrow]
) -> list[View]:
    """`played` are the merchant's purchases by short names; one has been completed.

    Raises Refused, PageNotAsExpected, NotOnboarded.
    """
    await clear(stack)
    payout = (await paid(shop)).payout["id"]
    for escrow in (played["disputed"], played["contested"]):
        await shop.say(escrow, WHAT, token=buyers_token(escrow))
        await shop.say(escrow, WHY)
    proposed, decided = await asyncio.gather(
        *(_quarrel(shop, order_id) for order_id in ("T-1010", "T-1011"))
    )
    async with Browser() as browser:
        page = await browser.open(f"{stack.at.api_url}/merchant")
        await browser.press(page, "/merchant/sign-in", key=merchant.api_key)
        console = Room("console", ("merchant", browser.cookie("merchant")))
    mei, tomas = await _the_desk(stack, proposed, decided)
    seen = played | {"proposed": proposed, "decided": decided}
    return [*_console(console, seen, payout), *_desk(mei, tomas, seen, merchant.id)]


async def _quarrel(shop: Shop, order_id: str) -> Escrow:
    async with Browser() as browser:
        return await contested(shop, Buyer(shop, browser), order_id)


async def _the_desk(stack: Stack, proposed: Escrow, decided: Escrow) -> tuple[Room, Room]:
    """Who proposes there and who approves; both disputes are proposed, one is decided."""
    people = [
        await new_operator(stack, PROPOSER, "operator"),
        await new_operator(stack, APPROVER, "approver"),
    ]
    url, found = stack.at.api_url, []
    for person in people:
        async with Browser() as browser:
            await _in(browser, url, person)
            if person is people[0]:
                for escrow in (proposed, decided):
                    page = await browser.open(f"{url}{_at(escrow)}")
                    split = {"refund": "89.00", "release": "40.00", "note": NOTE}
                    await browser.press(page, "/resolution", **split)
            else:
                page = await browser.open(f"{url}{_at(decided)}")
                await browser.press(page, "/approval")
            found.append(Room("desk", ("operator", browser.cookie("operator"))))
    return found[0], found[1]


async def _in(browser: Browser, url: str, person: NewOperator) -> None:
    page = await browser.open(f"{url}/operator")
    said = {"login": person.login, "password": person.password}
    await browser.press(page, "/operator/sign-in", **said)


def _at(escrow: Escrow) -> str:
    return f"/operator/disputes/{escrow['dispute']['id']}"


def _console(room: Room, seen: dict[str, Escrow], payout: str) -> Iterator[View]:
    yield View("console-sign-in", "", "/merchant/sign-in")
    yield View("console-sign-in-wrong", "", "/merchant/sign-in", wrong="?")
    yield room.view("orders", "/merchant")
    yield room.view("orders-none", "/merchant?stage=closed&cursor=")
    for name in ("unpaid", "disputed", "contested", "completed"):
        yield room.view(f"order-{name}", f"/merchant/orders/{seen[name]['id']}")
    yield room.view("refund", f"/merchant/orders/{seen['completed']['id']}/refund")
    yield room.view("acceptance", f"/merchant/orders/{seen['disputed']['id']}/acceptance")
    yield room.view("contest", f"/merchant/orders/{seen['disputed']['id']}/contest")
    yield room.view("evidence", f"/merchant/orders/{seen['contested']['id']}/evidence")
    yield room.view("payouts", "/merchant/payouts")
    yield room.view("payout", f"/merchant/payouts/{payout}")
    yield room.view("events", "/merchant/events")
    yield room.view("keys", "/merchant/keys")
    yield room.view("refused", "/merchant/keys/key_x/revocation")


def _desk(mei: Room, tomas: Room, seen: dict[str, Escrow], shop: str) -> Iterator[View]:
    yield View("desk-sign-in", "", "/operator/sign-in")
    yield View("desk-sign-in-wrong", "", "/operator/sign-in", wrong="?")
    yield mei.view("disputes", "/operator")
    yield mei.view("dispute-open", _at(seen["disputed"]))
    yield mei.view("dispute-to-decide", _at(seen["contested"]))
    yield mei.view("dispute-wrong-split", _at(seen["contested"]), wrong="?")
    yield mei.view("dispute-proposed", _at(seen["proposed"]))
    yield tomas.view("dispute-to-approve", _at(seen["proposed"]))
    yield tomas.view("dispute-decided", _at(seen["decided"]))
    yield tomas.view("search", "/operator/purchases")
    yield tomas.view("search-found", f"/operator/purchases?q={shop}")
    yield tomas.view("search-nothing", "/operator/purchases?q=nobody")
    yield tomas.view("purchase", f"/operator/purchases/{seen['decided']['id']}")
    yield tomas.view("clearing", "/operator/clearing")
    yield tomas.view("reconciliation", "/operator/reconciliation")
    yield tomas.view("books", "/operator/books")
    yield tomas.view("attention", "/operator/attention")
    yield tomas.view("log", "/operator/audit")
    yield tomas.view("refused", "/operator/nothing")
