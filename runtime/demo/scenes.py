"""Orders in every stage that has a door, so that a visitor finds something to look at."""

import io
from collections.abc import Awaitable, Callable

import segno

from runtime.demo.browser import Browser
from runtime.demo.purchase import Buyer, Told, ship, silent
from runtime.demo.shop import Escrow, Shop

#: The usual half hour would be over before somebody has looked around.
PATIENT = {"payment": "P7D"}

#: What visitors are offered to pay, and how later ones are numbered.
TO_PAY, TO_PAY_LATER = "T-1001", "P"

Scene = Callable[[Shop, Buyer], Awaitable[Escrow]]


async def _paid(shop: Shop, buyer: Buyer, order_id: str, amount: int, what: str) -> Escrow:
    escrow = await shop.order(order_id, amount, what)
    await buyer.pay(escrow)
    return await shop.until(escrow["id"], "awaiting_shipment")


async def unpaid(shop: Shop, _buyer: Buyer, order_id: str = TO_PAY) -> Escrow:
    """The one to pay: nobody has begun to."""
    return await shop.order(order_id, 4_900, "A teapot", windows=PATIENT)


async def at_the_bank(shop: Shop, buyer: Buyer) -> Escrow:
    """The buyer left the bank's page open."""
    escrow = await shop.order("T-1002", 23_900, "A winter coat", windows=PATIENT)
    await buyer.at_bank(escrow)
    return escrow


async def paid(shop: Shop, buyer: Buyer) -> Escrow:
    return await _paid(shop, buyer, "T-1003", 8_800, "Two lamps")


async def frozen(shop: Shop, buyer: Buyer) -> Escrow:
    """Held at the buyer's own bank until the goods are sent."""
    escrow = await shop.order("T-1004", 156_000, "A bicycle", funding="freeze")
    await buyer.pay(escrow)
    return await shop.until(escrow["id"], "awaiting_shipment")


async def shipped(shop: Shop, buyer: Buyer, order_id: str = "T-1005") -> Escrow:
    """The one to try things with: it waits for the buyer's confirmation."""
    escrow = await _paid(shop, buyer, order_id, 12_900, "Walking boots, size 42")
    await ship(shop, escrow)
    return await shop.until(escrow["id"], "awaiting_confirmation")


async def disputed(shop: Shop, buyer: Buyer) -> Escrow:
    """The merchant's turn: a part is disputed, the rest can be confirmed."""
    escrow = await shipped(shop, buyer, "T-1008")
    await buyer.complain(escrow, 4_000)
    return await shop.until(escrow["id"], "disputed")


async def contested(shop: Shop, buyer: Buyer, order_id: str = "T-1009") -> Escrow:
    """The operators' turn: the buyer has shown what came."""
    escrow = await shipped(shop, buyer, order_id)
    await buyer.complain(escrow, 12_900, "not_as_described")
    await buyer.show(escrow, "The label says size 40, I ordered 42.", "label.png", label())
    path = f"/v1/escrows/{escrow['id']}/dispute/answer"
    return await shop.command(path, {"answer": "contest"})


def label() -> bytes:
    """A picture of a parcel's label, as PNG."""
    drawn = io.BytesIO()
    segno.make("SF1234567890;boots;size 40", micro=False).save(drawn, kind="png", scale=6)
    return drawn.getvalue()


async def refunded(shop: Shop, buyer: Buyer) -> Escrow:
    escrow = await _paid(shop, buyer, "T-1006", 3_500, "A sold-out vase")
    await shop.command(f"/v1/escrows/{escrow['id']}/refunds", {"amount": 3_500})
    return await shop.until(escrow["id"], "refunded")


async def cancelled(shop: Shop, _buyer: Buyer) -> Escrow:
    escrow = await shop.order("T-1007", 1_200, "A change of mind")
    await shop.command(f"/v1/escrows/{escrow['id']}/cancellation")
    return await shop.until(escrow["id"], "closed")


SCENES: dict[str, Scene] = {
    "not paid yet": unpaid,
    "at the bank's page": at_the_bank,
    "paid, to be sent": paid,
    "frozen at the buyer's bank": frozen,
    "sent, to be confirmed": shipped,
    "disputed, to be answered": disputed,
    "disputed, to be decided": contested,
    "refunded": refunded,
    "cancelled": cancelled,
}


async def play(shop: Shop, told: Told = silent) -> dict[str, Escrow]:
    """Every scene's purchase by its name."""
    played = {}
    for name, scene in SCENES.items():
        told(name)
        async with Browser() as browser:
            played[name] = await scene(shop, Buyer(shop, browser))
    return played
