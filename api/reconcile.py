"""`./dev reconcile`, in a container `python -m api.reconcile`: read banks' new statements now.

The schedule reads them by itself; this is for a person who does not want to wait, and for demos.
Ends with 1 when something is not explained.
"""

import asyncio
import json
from dataclasses import asdict
from typing import Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from api.terminal import Json, out
from domain.money import Money
from reconciliation import looking
from reconciliation.looking import BreakSeen, DaySeen
from runtime.database import engine
from runtime.settings import Settings
from runtime.temporal import connect
from vault.codec import PurchaseCodec
from vault.keys import Keys
from workflows.names import ESCROW_QUEUE, RECONCILIATION_ROUND
from workflows.reconciliation import ReconciliationRound

#: Statements and breaks that are shown.
SHOWN = 20

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def reconcile(as_json: Json = False) -> None:
    """Read what banks have announced, line by line, and say what is not explained."""
    days, breaks = asyncio.run(_read(Settings()))
    if as_json:
        out.print(json.dumps(said(days, breaks)), markup=False)
    else:
        show(days, breaks)
    raise typer.Exit(1 if breaks else 0)


def said(days: list[DaySeen], breaks: list[BreakSeen]) -> dict[str, Any]:
    """For programs; times and days are ISO 8601."""
    document = {
        "statements": [{**asdict(day), "reconciled": day.reconciled} for day in days],
        "breaks": [asdict(one) for one in breaks],
    }
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def show(days: list[DaySeen], breaks: list[BreakSeen]) -> None:
    if not days:
        out.print("No bank has shown a statement yet: there is one when its day is over.")
        return
    table = Table("Bank", "Day", "Closing balance", "Lines", "Matched", "Not explained", box=None)
    for day in days:
        closing = str(Money(day.closing, day.currency))
        counts = map(str, (day.lines, day.matched, day.open))
        table.add_row(day.bank, str(day.day), closing, *counts)
    out.print(table)
    for one in breaks:
        where = f"line {one.number}" if one.number else "no line"
        out.print(
            f"{one.kind}: {one.bank} {one.day} {where}, {one.reference or 'no reference'}, "
            f"statement {one.theirs}, we {one.ours}, {one.currency} minor units",
            markup=False,
        )


async def _read(settings: Settings) -> tuple[list[DaySeen], list[BreakSeen]]:
    pool = engine(settings.database_url, pool_size=2)
    try:
        client = await connect("reconcile", codec=PurchaseCodec(Keys(pool, settings.ring)))
        await _round(client)
        return await _seen(pool)
    finally:
        await pool.dispose()


async def _round(client: Client) -> None:
    """Until every statement that was announced is read, whoever began with it."""
    days: list[str] = await client.execute_workflow(
        ReconciliationRound.run,
        id=RECONCILIATION_ROUND,
        task_queue=ESCROW_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    for day in days:
        await client.get_workflow_handle(day).result()


async def _seen(pool: AsyncEngine) -> tuple[list[DaySeen], list[BreakSeen]]:
    async with pool.connect() as connection:
        return await looking.days(connection, SHOWN), await looking.queue(connection, SHOWN)


if __name__ == "__main__":
    app(prog_name="./dev reconcile")
