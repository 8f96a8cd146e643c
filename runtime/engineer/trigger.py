"""`./dev trigger EVENT [--escrow ID]`: make an event happen, or have one told again.

Nothing is faked: the purchase is driven there through the doors that buyers and merchants use, at
the sandbox bank too.
"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx2
from rich.console import Console

from danbao_client import AsyncDanbao, Escrow, Event, Status
from danbao_client.models import NewTerms
from runtime.demo.browser import Browser, PageNotAsExpected
from runtime.demo.purchase import Buyer
from runtime.demo.shop import Refused, Shop
from runtime.engineer.access import Access, Impossible, purchase_id, run

PRICE = 12_900
#: Seconds that one question waits, and how many of them an event may take.
WAIT, WAITS = 20, 6
#: Reminders come three days and one day before the end: here, two seconds after shipment.
SHORT: NewTerms = {"windows": {"inspection": "P1DT2S"}}


@dataclass(frozen=True, slots=True)
class Deal:
    """Both sides of one purchase."""

    danbao: AsyncDanbao
    buyer: Buyer

    async def pay(self, escrow: Escrow) -> Escrow:
        if escrow.status != Status.AWAITING_PAYMENT:
            return escrow
        await self.buyer.pay(_as_json(escrow))
        return await self.danbao.escrows.until(escrow.id, Status.AWAITING_SHIPMENT)

    async def ship(self, escrow: Escrow) -> Escrow:
        if escrow.status != Status.AWAITING_SHIPMENT:
            return escrow
        await self.danbao.escrows.ship(escrow.id, carrier="SF Express", tracking="SF1234567890")
        return await self.danbao.escrows.until(escrow.id, Status.AWAITING_CONFIRMATION)

    async def extend(self, escrow: Escrow) -> Escrow:
        return await self.danbao.escrows.extend(escrow.id, "P3D")

    async def refund(self, escrow: Escrow) -> Escrow:
        return await self.danbao.escrows.refund(escrow.id, escrow.held or escrow.authorised)

    async def cancel(self, escrow: Escrow) -> Escrow:
        return await self.danbao.escrows.cancel(escrow.id)

    async def dispute(self, escrow: Escrow) -> Escrow:
        if escrow.status == Status.DISPUTED:
            return escrow
        await self.buyer.complain(_as_json(escrow), escrow.held)
        return await self.danbao.escrows.get(escrow.id)

    async def contest(self, escrow: Escrow) -> Escrow:
        return await self.danbao.disputes.contest(escrow.id)

    async def confirm(self, escrow: Escrow) -> Escrow:
        await self.buyer.confirm(_as_json(escrow))
        return await self.danbao.escrows.get(escrow.id)


Step = Callable[[Deal, Escrow], Awaitable[Escrow]]

#: What leads to each event that can be made to happen; steps that were taken are passed over.
WAYS: dict[str, tuple[Step, ...]] = {
    "escrow.created": (),
    "escrow.paid": (Deal.pay,),
    "escrow.shipped": (Deal.pay, Deal.ship),
    "escrow.reminder": (Deal.pay, Deal.ship),
    "escrow.extended": (Deal.pay, Deal.ship, Deal.extend),
    "escrow.confirmed": (Deal.pay, Deal.ship, Deal.confirm),
    "escrow.released": (Deal.pay, Deal.ship, Deal.confirm),
    "escrow.disputed": (Deal.pay, Deal.ship, Deal.dispute),
    "escrow.dispute.updated": (Deal.pay, Deal.ship, Deal.dispute, Deal.contest),
    "escrow.refunded": (Deal.pay, Deal.refund),
    "escrow.closed": (Deal.cancel,),
}
#: Only in purchases with windows of their own.
NEW_ONLY = ("escrow.reminder",)


async def trigger(access: Access, kind: str, said: str, console: Console) -> None:
    """`said` is a purchase or an order, "" for a new one. Raises DanbaoError, Impossible."""
    async with (
        httpx2.AsyncClient(trust_env=False) as http,
        Shop(access.api_url, access.api_key) as shop,
        Browser() as browser,
    ):
        danbao = access.danbao(http)
        if said and (event := await happened(danbao, await purchase_id(danbao, said), kind)):
            await again(danbao, event, console)
            return
        if kind not in WAYS:
            raise Impossible(cannot(kind))
        escrow = await begin(danbao, kind, said)
        console.print(f"{escrow.order_id} {escrow.id}: {escrow.status}")
        deal = Deal(danbao, Buyer(shop, browser))
        try:
            event = await drive(deal, escrow, kind, console)
        except (Refused, PageNotAsExpected) as no:
            raise Impossible(str(no)) from no
        console.print(f"[bold green]{event.type}[/] {event.id}")


async def begin(danbao: AsyncDanbao, kind: str, said: str) -> Escrow:
    """The purchase that is meant, or a new one. Raises Impossible."""
    if not said:
        order_id = f"TRIGGER-{token_hex(4).upper()}"
        return await danbao.escrows.create(
            order_id=order_id,
            amount=PRICE,
            currency="CNY",
            description="Walking boots, size 42",
            buyer_email="buyer@shop.example",
            return_url=f"https://shop.example/orders/{order_id}",
            terms=SHORT if kind in NEW_ONLY else None,
        )
    if kind in NEW_ONLY:
        raise Impossible(f"{kind} comes days before a deadline: leave --escrow out for a new one")
    return await danbao.escrows.get(await purchase_id(danbao, said))


async def drive(deal: Deal, escrow: Escrow, kind: str, console: Console) -> Event:
    """Take the way to the event and wait until it is told."""
    for step in WAYS[kind]:
        before, escrow = escrow.version, await step(deal, escrow)
        if escrow.version != before:
            console.print(f"  {step.__name__}: {escrow.status}")
    for _ in range(WAITS):
        if event := await happened(deal.danbao, escrow.id, kind):
            return event
        escrow = await deal.danbao.escrows.changed(escrow, wait=WAIT) or escrow
    raise Impossible(f"{escrow.id} is {escrow.status}, and {kind} has not happened")


async def happened(danbao: AsyncDanbao, escrow_id: str, kind: str) -> Event | None:
    """The latest event of this type in the purchase."""
    events = await danbao.escrows.events(escrow_id)
    return next((event for event in reversed(events) if event.type == kind), None)


async def again(danbao: AsyncDanbao, event: Event, console: Console) -> None:
    told = await danbao.events.redeliver(event.id)
    where = "1 endpoint" if len(told.endpoints) == 1 else f"{len(told.endpoints)} endpoints"
    console.print(f"[bold green]{event.type}[/] {event.id} happened already: told again at {where}")


def cannot(kind: str) -> str:
    ways = "\n  ".join(WAYS)
    return (
        f"{kind} cannot be triggered; one that has happened can be told again with --escrow."
        f" These can be:\n  {ways}"
    )


def _as_json(escrow: Escrow) -> dict[str, Any]:
    return escrow.model_dump(mode="json")


def main(arguments: list[str]) -> int:
    """`EVENT ESCROW`: "" for a new purchase."""
    kind, said = arguments
    kind = kind if kind.startswith(("escrow.", "payout.")) else f"escrow.{kind}"
    console = Console(highlight=False, soft_wrap=True)
    return run(lambda access: trigger(access, kind, said, console))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
