"""A purchase is started once in its life, by whichever door or sweeper comes first."""

import asyncio

from tests.workflows.world import World
from workflows.start import start_escrow


async def test_two_doors_at_once_start_one_purchase(world: World) -> None:
    trade = await world.open()
    await asyncio.gather(*(start_escrow(world.client, trade.terms) for _ in range(8)))
    await trade.pay()
    assert trade.steps == ["payment_started"]
    assert await runs(world, trade.id) == 1
    await trade.cancel()


async def test_a_purchase_that_has_ended_is_not_started_again(world: World) -> None:
    """A sweeper that reads an old row: the workflow is gone, and must not be paid anew."""
    trade = await world.open()
    await trade.cancel()
    await trade.outcome()
    await start_escrow(world.client, trade.terms)
    assert await runs(world, trade.id) == 1
    assert (await trade.outcome()).stage == "closed"


async def runs(world: World, escrow_id: str) -> int:
    """How many runs of this workflow id there are or were, as the server's history has them."""
    described = await world.client.get_workflow_handle(escrow_id).describe()
    first = described.raw_description.workflow_execution_info.first_run_id
    assert described.run_id == first
    seen = {run.run_id async for run in world.client.list_workflows(f"WorkflowId = '{escrow_id}'")}
    return len(seen | {described.run_id})
