"""Record histories of clearing: `python -m tests.replay.record_payouts` before a release.

A payout is followed for ten days, and a clearing day may take hours: deployments happen meanwhile.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.bookkeeping import Bookkeeping
from activities.clearing import Clearing
from activities.funding import Funding
from activities.notices import Notices
from banks.port import Declined, Returned, Settled
from clearing.port import Run
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.replay.record import without_traces
from tests.workflows.clearing import MemoryClearing, payout
from tests.workflows.parts import MemoryBook, MemoryOperations, ScriptedBank, ScriptedMerchant
from worker import activities, bank_activities, clearing_activities, workers
from workflows.clearing import ClearingDay, ClearingRound, ClearingShard, ClearingWorkflow, day_id
from workflows.names import ESCROW_QUEUE, payout_id
from workflows.payout import PayoutWorkflow

HISTORIES = Path(__file__).parent / "payouts"
RUN = Run("sandbox", "CNY", date(2026, 11, 23))
#: The first word of a history's name.
KINDS: dict[str, type] = {
    "day": ClearingWorkflow,
    "shard": ClearingShard,
    "round": ClearingRound,
    "payout": PayoutWorkflow,
}


@asynccontextmanager
async def at_work(home: Path) -> AsyncIterator[tuple[Client, ScriptedBank, MemoryClearing]]:
    server = TemporalServer(home, keep=False, dynamic_config=TIME_SKIPPING)
    await server.start()
    client = await server.client("worker")
    bank, books = ScriptedBank(), MemoryClearing()
    funding = Funding({"sandbox": bank}, MemoryOperations(), str)
    local = activities(funding, Bookkeeping(MemoryBook()), Notices(ScriptedMerchant()))
    local += clearing_activities(Clearing(books))
    stories, banking = workers(client, local, bank_activities(funding))
    async with stories, banking:
        yield client, bank, books
    await server.stop()


async def lived(home: Path) -> dict[str, str]:
    """Name → history, as JSON."""
    async with at_work(home) as (client, bank, books):
        books.merchants["CNY"] = [f"mer_{number:02}" for number in range(13)]
        books.days = [RUN]
        told: dict[str, list[Any]] = {
            "payout_settled": [Settled(100)],
            "payout_came_back": [Settled(100), Returned(100, "AC04")],
            "payout_refused_later": [Declined("account_closed")],
        }
        found = {name: await followed(client, bank, name, truths) for name, truths in told.items()}
        bank.refusals["pay_refused:remit:1"] = Declined("no_such_account")
        found["payout_refused"] = await followed(client, bank, "payout_refused", [])
        day = await client.start_workflow(
            ClearingWorkflow.run,
            ClearingDay(RUN, share=100, most=2),
            id=day_id(RUN),
            task_queue=ESCROW_QUEUE,
        )
        await day.result()
        found["day"] = await written(day)
        found["shard"] = await written(client.get_workflow_handle(f"{day_id(RUN)}:0"))
        look = await client.start_workflow(
            ClearingRound.run, id="clearing:round", task_queue=ESCROW_QUEUE
        )
        await look.result()
        return found | {"round": await written(look)}


async def followed(client: Client, bank: ScriptedBank, name: str, truths: list[Any]) -> str:
    """A payout's story, as the bank tells one truth after the other."""
    one = payout(RUN, name.removeprefix("payout_"))
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    handle = await skipper.client.start_workflow(
        PayoutWorkflow.run, one, id=payout_id(one.id), task_queue=ESCROW_QUEUE
    )
    for truth in truths:
        while bank.truths.get(one.reference) is None:  # noqa: ASYNC110 - a plain dict
            await asyncio.sleep(0.05)
        bank.truths[one.reference] = truth
        await handle.signal(PayoutWorkflow.bank_reported)
        await asyncio.sleep(1)
    if name == "payout_settled":
        await skipper.fast_forward(handle, timedelta(days=11))
    await handle.result()
    return await written(handle)


async def written(handle: WorkflowHandle[Any, Any]) -> str:
    history = await handle.fetch_history()
    return json.dumps(without_traces(json.loads(history.to_json())), indent=1)


async def record(release: str) -> None:
    folder = HISTORIES / release
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for name, history in (await lived(Path(home))).items():
            (folder / f"{name}.json").write_text(history + "\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "0.1.0"))
