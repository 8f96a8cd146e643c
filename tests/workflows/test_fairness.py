"""One merchant's backlog at the bank does not hold up another merchant."""

import asyncio

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from tests.workflows.world import PATIENCE, World, eventually
from workflows.names import BANK_QUEUE

#: What one worker does at banks at the same time, and almost as much again that waits behind it.
AT_ONCE, BEHIND = 50, 45


async def test_one_merchants_backlog_does_not_hold_up_another(world: World) -> None:
    """Ninety-five refunds of one merchant at a slow bank; the other's one goes before."""
    busy, other = await world.shipped(), await world.paid()
    references = [busy.reference("refund", n + 1) for n in range(AT_ONCE + BEHIND)]
    gates = {reference: asyncio.Event() for reference in references}
    world.bank.slow.update(gates)
    for _ in references:
        await busy.refund(1)
    await eventually(lambda: len(gates.keys() & refunds(world)) == AT_ONCE)
    await backlog(world, BEHIND)
    await other.refund()
    await backlog(world, BEHIND + 1)
    place = refunds_one_by_one(world, gates, other.reference("refund"))
    # In turn it would be the last. How many the server has lined up before it looks again, varies.
    assert await asyncio.wait_for(place, PATIENCE) < AT_ONCE + BEHIND - 5
    assert (await other.outcome()).refunded == other.terms.amount
    for gate in gates.values():
        gate.set()
    await busy.refund(busy.terms.amount - len(references))
    await busy.outcome()


def refunds(world: World) -> list[str]:
    """In the order in which they came to the bank."""
    return [reference for call, reference in world.bank.calls if call == "refund"]


async def refunds_one_by_one(world: World, gates: dict[str, asyncio.Event], last: str) -> int:
    """The bank answers one after the other until it is asked for `last`: its place in the line."""
    start = len(refunds(world)) - AT_ONCE
    for served in range(len(gates)):
        gates[refunds(world)[start + served]].set()
        await eventually(lambda came=start + served + AT_ONCE: len(refunds(world)) > came)  # type: ignore[misc]
        if last in refunds(world):
            return refunds(world).index(last) - start
    raise AssertionError(f"{last} never came to the bank")


async def backlog(world: World, size: int) -> None:
    """Wait until the server has so many tasks for banks that no worker has taken yet."""
    question = DescribeTaskQueueRequest(
        namespace=world.client.namespace,
        task_queue=TaskQueue(name=BANK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    async with asyncio.timeout(PATIENCE):
        while True:
            said = await world.client.workflow_service.describe_task_queue(question)
            if said.stats.approximate_backlog_count >= size:
                return
            await asyncio.sleep(0.1)
