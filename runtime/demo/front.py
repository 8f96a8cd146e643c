"""`./dev demo`: everything runs, there is something to look at, and nothing stays down for long."""

import asyncio
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2

from danbao_client import AsyncDanbao
from runtime.demo.board import PAUSE, experiment, newest, table, to_pay
from runtime.demo.browser import Browser
from runtime.demo.merchant import NewMerchant, NewOperator, new_merchant, new_operator
from runtime.demo.payday import PAYDAY, clear, paid, reconciled, say_where_to_pay
from runtime.demo.progress import Progress
from runtime.demo.purchase import CHAPTERS, DONE, Buyer, Told, buy
from runtime.demo.scenes import SCENES, TO_PAY_LATER, play, shipped, unpaid
from runtime.demo.shop import Shop
from runtime.embedded.places import sole_use
from runtime.embedded.process import DidNotStart
from runtime.engineer.access import Access
from runtime.engineer.disputes import APPROVER, PROPOSER
from runtime.stack import Stack
from runtime.whereabouts import Ports, insist, wanted_ports

LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """What a demo that is started again goes on with. `told_at` is the merchant's endpoint."""

    merchant: NewMerchant
    told_at: str


async def run_demo(state: Path, environ: dict[str, str], progress: Progress) -> int:
    """Until somebody presses Ctrl-C."""
    insist(environ)
    home = state / "demo"
    with sole_use(home):
        stack = Stack(home, ports=wanted_ports(environ), environ=environ)
        async with stack.running(progress.part):
            merchant = await the_merchant(stack)
            staff = await the_operators(stack)
            progress.part("shop")
            await stack.open_shop(merchant.api_key, merchant.webhook_secret)
            door(stack, merchant, staff).leave_at(home)
            say_where(stack, wanted_ports(environ), progress)
            await show(stack, merchant, staff, progress)
            await mend(stack, progress)
    return 0


def say_where(stack: Stack, wanted: Ports, progress: Progress) -> None:
    """What README and guides print has the usual port."""
    if stack.at.api_port != wanted.api:
        taken = f"port {wanted.api} is taken"
        progress.say(f"[yellow]{taken}: write {stack.at.api_url} where a page says {wanted.api}[/]")


def door(stack: Stack, merchant: NewMerchant, staff: list[NewOperator]) -> Access:
    """What `./dev listen`, `trigger`, `escrow` and `disputes` have to know in another terminal."""
    ui = stack.at.temporal_ui_url
    return Access(
        stack.at.api_url,
        merchant.api_key,
        f"{ui}/namespaces/default" if ui else "",
        {one.login: one.key for one in staff},
    )


async def the_operators(stack: Stack) -> list[NewOperator]:
    """The operators of the last demo in this home, or new ones: one proposes, one approves."""
    file = stack.home / "operators.json"
    if file.exists():
        return [NewOperator(**said) for said in json.loads(file.read_text())]
    staff = [
        await new_operator(stack, PROPOSER, "operator"),
        await new_operator(stack, APPROVER, "approver"),
    ]
    file.touch(mode=0o600)
    file.write_text(json.dumps([asdict(one) for one in staff]))
    return staff


async def the_merchant(stack: Stack) -> NewMerchant:
    """The merchant of the last demo in this home, or a new one; it is told at the shop."""
    file, told_at = stack.home / "merchant.json", f"{stack.at.shop_url}/webhooks"
    if file.exists():
        said = json.loads(file.read_text())
        merchant = NewMerchant(**said["merchant"])
        if said["told_at"] != told_at:
            await tell_at(stack, merchant, said["told_at"], told_at)
    else:
        merchant = await new_merchant(stack, "Tea & Boots", told_at)
        await say_where_to_pay(stack, merchant, "Tea & Boots")
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(Kept(merchant, told_at))))
    return merchant


async def tell_at(stack: Stack, merchant: NewMerchant, before: str, now: str) -> None:
    """The shop has another port this time."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        hooks = AsyncDanbao(stack.at.api_url, merchant.api_key, http=http).webhook_endpoints
        for hook in await hooks.list():
            if hook.url == before:
                await hooks.replace(hook.id, now, description=hook.description)


async def show(
    stack: Stack, merchant: NewMerchant, staff: list[NewOperator], progress: Progress
) -> None:
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        new = not await shop.orders()
        if new:
            progress.say("filling the shop with orders …")
            with progress.chapters(tuple(SCENES), "Orders in every stage") as told:
                await play(shop, told)
        with progress.chapters(CHAPTERS, DONE) as told:
            bought = await buy(shop, numbered("D"), told)
        if new:
            with progress.chapters(
                PAYDAY, "The shop is paid, and the bank's day explained"
            ) as told:
                await payday(stack, shop, told)
        async with Browser() as browser:
            buyer = Buyer(shop, browser)
            if not to_pay(await shop.orders()):
                await unpaid(shop, buyer, numbered(TO_PAY_LATER))
            if not newest(await shop.orders(), "awaiting_confirmation"):
                await shipped(shop, buyer, numbered("W"))
        orders = await shop.orders()
    progress.console.print(table(stack, merchant, staff, bought, orders), soft_wrap=True)
    progress.console.print(experiment(stack, orders), markup=False, soft_wrap=True)


async def payday(stack: Stack, shop: Shop, told: Told) -> None:
    """Clear the day and end the bank's, so that the desk has both. Raises NotOnboarded, Refused."""
    cleared, received, closed = PAYDAY
    told(cleared)
    await clear(stack)
    told(received)
    await paid(shop)
    told(closed)
    await reconciled(stack)


def numbered(kind: str) -> str:
    """An order's number that no earlier start has used."""
    return f"{kind}-{secrets.token_hex(3).upper()}"


async def mend(stack: Stack, progress: Progress) -> None:
    """Start whatever falls again, after a pause in which it can be missed."""
    while True:
        for name in stack.fallen():
            progress.say(f"[yellow]{name} is gone; it comes back in {PAUSE} seconds[/]")
            await asyncio.sleep(PAUSE)
            try:
                await stack.start(name)
            except (DidNotStart, httpx2.HTTPError) as problem:
                progress.wrong(str(problem))
            else:
                progress.say(f"[green]{name} is back as process {stack.pid(name)}[/]")
        await asyncio.sleep(LOOK_EVERY)
