"""`./dev clear`, in a container `python -m api.clear`: clear a day now, and see what it came to.

The schedule clears every day that is over by itself; this is for a person who does not want to
wait, and for demos.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.terminal import Json, out
from clearing.port import Run
from clearing.runs import currencies, day_ahead, newest_day
from runtime.database import engine
from runtime.settings import Settings
from runtime.temporal import connect
from vault.codec import PurchaseCodec
from vault.keys import Keys
from workflows.clearing import ClearingDay, ClearingWorkflow, Tally, day_id
from workflows.names import ESCROW_QUEUE

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def clear(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The clearing day; else the newest that is over."),
    ] = None,
    currency: Annotated[str, typer.Option(help="Only this one.")] = "",
    bank: Annotated[str, typer.Option(help="Whose custody account pays.")] = "sandbox",
    ahead: Annotated[
        bool,
        typer.Option("--ahead", help="The first day not cleared yet, though it is not over."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Pay every merchant what is due on a clearing day. A day that was cleared stays as it is."""
    done = asyncio.run(_cleared(Settings(), bank, currency, day, ahead=ahead))
    if as_json:
        out.print(json.dumps([said(run, tally) for run, tally in done]), markup=False)
        return
    table = Table("Bank", "Day", "Currency", "Merchants", "Payouts", "No bank details", box=None)
    for run, tally in done:
        counts = (tally.merchants, tally.payouts, tally.held_back)
        table.add_row(run.bank, str(run.day), run.currency, *map(str, counts))
    out.print(table)


def said(run: Run, tally: Tally) -> dict[str, Any]:
    """One line for programs."""
    return {**asdict(run), "day": run.day.isoformat(), **asdict(tally)}


async def _cleared(
    settings: Settings, bank: str, currency: str, day: datetime | None, *, ahead: bool
) -> list[tuple[Run, Tally]]:
    pool = engine(settings.database_url, pool_size=2)
    try:
        client = await connect("clear", codec=PurchaseCodec(Keys(pool, settings.ring)))
        runs = await _wanted(pool, bank, currency, day, ahead=ahead)
        return [(run, await _clear(client, run)) for run in runs]
    finally:
        await pool.dispose()


async def _wanted(
    pool: AsyncEngine, bank: str, currency: str, day: datetime | None, *, ahead: bool
) -> list[Run]:
    async with pool.connect() as connection:
        units = [currency] if currency else await currencies(connection)
        if day is not None:
            return [Run(bank, unit, day.date()) for unit in units]
        which = day_ahead if ahead else newest_day
        return [await which(connection, bank, unit) for unit in units]


async def _clear(client: Client, run: Run) -> Tally:
    """What the day came to, whoever started it."""
    try:
        await client.start_workflow(
            ClearingWorkflow.run,
            ClearingDay(run),
            id=day_id(run),
            task_queue=ESCROW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"{run.bank} {run.currency} {run.day}",
        )
    except WorkflowAlreadyStartedError:
        sys.stderr.write(f"{run.day} was cleared before in {run.currency}\n")
    cleared: Tally = await client.get_workflow_handle(day_id(run), result_type=Tally).result()
    return cleared


if __name__ == "__main__":
    app(prog_name="./dev clear")
