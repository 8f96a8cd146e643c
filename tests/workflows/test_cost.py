"""What a happy purchase costs Temporal: counted, never timed."""

from collections import Counter

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from tests.workflows.world import World

MOST_EVENTS = 40
MOST_TASKS = 6
MOST_BYTES = 8_000


async def happy(world: World) -> WorkflowHistory:
    trade = await world.shipped()
    await trade.confirm()
    assert (await trade.outcome()).stage == "completed"
    return await trade.handle.fetch_history()


def counted(history: WorkflowHistory) -> Counter[str]:
    prefix = "EVENT_TYPE_"
    return Counter(EventType.Name(e.event_type).removeprefix(prefix) for e in history.events)


async def test_a_happy_purchase_fits_its_budget(world: World) -> None:
    history = await happy(world)
    events = counted(history)
    assert len(history.events) <= MOST_EVENTS, events
    assert events["WORKFLOW_TASK_COMPLETED"] <= MOST_TASKS
    assert events["UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"] <= 1
    assert events["ACTIVITY_TASK_SCHEDULED"] == 0, "every step was answered at the quick try"
    assert sum(event.ByteSize() for event in history.events) <= MOST_BYTES


async def test_the_budget_covers_all_that_was_promised(world: World) -> None:
    """The budget counts a whole purchase: four notices heard, every step stored."""
    trade = await world.shipped()
    await trade.confirm()
    await trade.outcome()
    assert trade.steps == ["payment_started", "payment_succeeded", "shipped", "receipt_confirmed"]
    assert world.book.told(trade.id) == ["paid", "shipped", "confirmed", "released"]
    assert world.merchant.heard[trade.id] == [2, 3, 4, 5]
