"""`./dev demo`: everything runs, there is something to look at, and nothing stays down for long."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2

from danbao_client import AsyncDanbao
from runtime.demo.browser import Browser
from runtime.demo.merchant import NewMerchant, NewOperator, new_merchant, new_operator
from runtime.demo.payday import say_where_to_pay
from runtime.demo.progress import Progress
from runtime.demo.purchase import CHAPTERS, CODE, CUSTOMER, DONE, PASSWORD, Buyer, buy
from runtime.demo.scenes import SCENES, play, shipped
from runtime.demo.shop import Escrow, Shop
from runtime.embedded.places import sole_use
from runtime.embedded.process import DidNotStart
from runtime.engineer.access import Access
from runtime.engineer.disputes import APPROVER, PROPOSER
from runtime.stack import Stack
from runtime.whereabouts import Ports, insist, wanted_ports

#: Long enough to see that a part is missing and that its purchases wait.
PAUSE = 5
LOOK_EVERY = 0.5
DUTIES = {PROPOSER: "proposes", APPROVER: "approves"}


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
        if not await shop.orders():
            progress.say("filling the shop with orders …")
            with progress.chapters(tuple(SCENES), "Orders in every stage") as told:
                await play(shop, told)
        with progress.chapters(CHAPTERS, DONE) as told:
            bought = await buy(shop, numbered("D"), told)
        if not newest(await shop.orders(), "awaiting_confirmation"):
            async with Browser() as browser:
                await shipped(shop, Buyer(shop, browser), numbered("W"))
        orders = await shop.orders()
    progress.console.print(table(stack, merchant, staff, bought, orders), soft_wrap=True)
    progress.console.print(experiment(stack, orders), markup=False, soft_wrap=True)


def numbered(kind: str) -> str:
    """An order's number that no earlier start has used."""
    return f"{kind}-{secrets.token_hex(3).upper()}"


def table(
    stack: Stack,
    merchant: NewMerchant,
    staff: list[NewOperator],
    bought: Escrow,
    orders: list[Escrow],
) -> str:
    """Where to look, one line each: not folded, so that a link stays one link."""
    lines = [
        f"  [bold]{what:<18}[/]{where}"
        for what, where in places(stack, merchant, staff, bought, orders)
    ]
    return "\n".join(["", "[bold green]Danbao is running[/]", *lines])


def places(
    stack: Stack,
    merchant: NewMerchant,
    staff: list[NewOperator],
    bought: Escrow,
    orders: list[Escrow],
) -> Iterator[tuple[str, str]]:
    at = stack.at
    yield "The shop", f"{at.shop_url}   buy something"
    yield "… its back office", f"{at.shop_url}/orders   send what was paid"
    yield "Your wallet", f"{at.api_url}/wallet   as a buyer"
    yield "… its mails", f"{at.mailbox_url}   links to open it come here"
    yield "API reference", f"{at.api_url}/docs"
    yield "API key", merchant.api_key
    yield "Merchant console", f"{at.api_url}/merchant   sign in with that key"
    yield "For a terminal", f"API={at.api_url}; KEY={merchant.api_key}"
    yield "… all orders", 'curl -H "Authorization: Bearer $KEY" $API/v1/escrows'
    if unpaid := newest(orders, "awaiting_payment"):
        yield "Pay this one", unpaid["checkout_url"]
        yield "… at the bank", f"{CUSTOMER}, password {PASSWORD}, code {CODE}"
    if waiting := newest(orders, "awaiting_confirmation"):
        yield "Confirm this one", waiting["order_url"]
    yield "Just completed", bought["order_url"]
    if at.temporal_ui_url:
        ours = f"{at.temporal_ui_url}/namespaces/default/workflows"
        yield "Temporal UI", ours
        yield "… that purchase", f"{ours}/{bought['id']}"
    yield "Operators' desk", f"{at.api_url}/operator   disputes; or ./dev disputes list"
    for one in staff:
        yield f"… as {one.login}", f"password {one.password}   {DUTIES[one.login]}"
    yield "Webhook secret", merchant.webhook_secret
    yield "Another terminal", f"./dev listen · ./dev trigger escrow.paid · {look(bought)}"
    yield "Logs", str(stack.logs)


def look(escrow: Escrow) -> str:
    return f"./dev escrow show {escrow['order_id']}"


def newest(orders: list[Escrow], status: str) -> Escrow | None:
    """Orders are newest first."""
    return next((order for order in orders if order["status"] == status), None)


def experiment(stack: Stack, orders: list[Escrow]) -> str:
    """What to type to see a purchase outlive its worker."""
    waiting = newest(orders, "awaiting_confirmation")
    opened = waiting["order_url"] if waiting else "an order that was sent"
    return (
        "\nKill the worker and watch:\n"
        f"  1. open {opened}\n"
        "     press Confirm receipt, and type what the next page asks for\n"
        f"  2. in another terminal: kill -9 {stack.pid('worker')}\n"
        f"  3. press the button within {PAUSE} seconds: after a while the page says that the\n"
        "     money is being released, and nothing is released yet\n"
        "  4. a new worker comes up, as is said here, and the page shows it released\n"
        "\nCtrl-C stops everything. ./dev demo goes on where it was; ./dev reset forgets it.\n"
    )


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
