"""`./dev escrow show ID`: one purchase as its merchant may see it, on one screen."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from danbao_client import Escrow, EscrowEvent, Event, Outlook
from runtime.engineer.access import Access, purchase_id, run
from runtime.engineer.standing import deadline, in_words, moment, money, otherwise, turn

AMOUNTS = ("amount", "held", "disputed", "released", "refunded", "returning", "authorised")


async def show(access: Access, said: str, console: Console) -> None:
    """`said` is the purchase's id or its order's. Raises DanbaoError, Impossible."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        danbao = access.danbao(http)
        escrow_id = await purchase_id(danbao, said)
        escrow = await danbao.escrows.get(escrow_id)
        events = await danbao.escrows.events(escrow_id)
        outlook = await danbao.escrows.outlook(escrow_id)
    console.print(heading(escrow))
    for name, fact in facts(escrow, access):
        # Not folded, so that a link stays one link.
        console.print(f"[dim]{name:<14}[/]{escape(fact)}", soft_wrap=True)
    console.print(balances(escrow))
    console.print(timeline(events))
    if outlook.if_nobody_acts:
        console.print(ahead(outlook, escrow.currency))


def heading(escrow: Escrow) -> str:
    what = escape(escrow.description)
    return f"\n[bold]{escrow.order_id}[/]  {what}  [bold green]{escrow.status}[/]"


def facts(escrow: Escrow, access: Access) -> Iterator[tuple[str, str]]:
    yield "purchase", f"{escrow.id}, version {escrow.version}"
    yield "who must act", turn(escrow)
    if escrow.dispute:
        reason = escrow.dispute.reason.replace("_", " ")
        disputed = money(escrow.dispute.amount, escrow.currency)
        yield "dispute", f"{escrow.dispute.id} ({escrow.dispute.state}): {reason}, {disputed}"
    if until := deadline(escrow):
        left = in_words(until - datetime.now(UTC))
        yield "deadline", f"{moment(until)} ({left}): {otherwise(escrow)}"
    elif not escrow.ended:
        yield "deadline", "none: the clock is stopped"
    payment = escrow.payment
    declined = f", declined: {payment.declined}" if payment.declined else ""
    yield "payment", f"{payment.state} {payment.bank} {payment.method}".strip() + declined
    if link := access.workflow(escrow.id):
        yield "Temporal UI", link


def balances(escrow: Escrow) -> Table:
    """Minor units; what is zero is left out, but for the price and what is held."""
    table = Table(title="\nBalances", title_justify="left", box=None, padding=(0, 2))
    table.add_column("")
    table.add_column("amount", justify="right")
    for name in AMOUNTS:
        value = getattr(escrow, name)
        if value or name in ("amount", "held"):
            table.add_row(name, money(value, escrow.currency))
    return table


def timeline(events: tuple[Event, ...]) -> Table:
    table = Table(title="\nTimeline (UTC)", title_justify="left", box=None, padding=(0, 2))
    table.add_column("no.", justify="right")
    table.add_column("when", no_wrap=True)
    table.add_column("event", no_wrap=True)
    table.add_column("what it says", overflow="fold")
    for event in events:
        if isinstance(event, EscrowEvent):
            said = ", ".join(f"{name} {value}" for name, value in facts_of(event) if value)
            when = moment(event.timestamp).removesuffix(" UTC")
            table.add_row(str(event.sequence), when, event.type, escape(said))
    return table


def ahead(outlook: Outlook, currency: str) -> Table:
    """What the clock does from here by itself."""
    table = Table(title="\nIf nobody acts (UTC)", title_justify="left", box=None, padding=(0, 2))
    for column in ("when", "what", "then", "released", "refunded"):
        table.add_column(column, no_wrap=True, justify="right" if "re" in column else "left")
    for step in outlook.if_nobody_acts:
        table.add_row(
            moment(step.at).removesuffix(" UTC"),
            step.name.replace("_", " "),
            step.status,
            money(step.released, currency),
            money(step.refunded, currency),
        )
    return table


def facts_of(event: EscrowEvent) -> Iterator[tuple[str, object]]:
    """What a step said, and what it made of the money."""
    escrow = event.escrow
    for name, value in event.detail.items():
        yield name, money(int(value), escrow.currency) if name == "amount" and value else value
    ended = event.type.removeprefix("escrow.")
    if ended in ("released", "refunded"):
        yield f"{ended} in all", money(getattr(escrow, ended), escrow.currency)


def main(arguments: list[str]) -> int:
    console = Console(highlight=False)
    return run(lambda access: show(access, arguments[0], console))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
