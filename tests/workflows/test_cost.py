"""What a happy purchase costs Temporal: counted, never timed."""

import json
from collections import Counter
from dataclasses import asdict

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from banks.port import Payer
from tests.workflows.world import World

MOST_EVENTS = 40
MOST_TASKS = 6
MOST_BYTES = 8_000


#: As long as one is: the bank's token and our name for the buyer.
PAYER = Payer(f"pyr_{'0' * 32}", f"pm_{'x' * 32}")


async def happy(world: World, payer: Payer | None = None) -> WorkflowHistory:
    trade = await world.open()
    await trade.pay(payer=payer)
    await trade.bank_says(trade.yes())
    await trade.reaches("awaiting_shipment")
    await trade.ship()
    await trade.reaches("awaiting_confirmation")
    await trade.confirm()
    assert (await trade.outcome()).stage == "completed"
    return await trade.handle.fetch_history()


def counted(history: WorkflowHistory) -> Counter[str]:
    prefix = "EVENT_TYPE_"
    return Counter(EventType.Name(e.event_type).removeprefix(prefix) for e in history.events)


async def test_a_happy_purchase_fits_its_budget(world: World) -> None:
    history = await happy(world)
    assert size(history) <= MOST_BYTES
    fits(history)


async def test_a_saved_method_costs_its_own_name_and_nothing_else(world: World) -> None:
    """No event and no task more: the payer stands once in the history, in what the buyer asked."""
    history = await happy(world, PAYER)
    assert size(history) <= MOST_BYTES + len(json.dumps(asdict(PAYER)))
    fits(history)


def fits(history: WorkflowHistory) -> None:
    events = counted(history)
    assert len(history.events) <= MOST_EVENTS, events
    assert events["WORKFLOW_TASK_COMPLETED"] <= MOST_TASKS
    assert events["UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"] <= 1
    assert events["ACTIVITY_TASK_SCHEDULED"] == 0, "every step was answered at the quick try"


def size(history: WorkflowHistory) -> int:
    return sum(event.ByteSize() for event in history.events)


async def test_the_budget_covers_all_that_was_promised(world: World) -> None:
    """The budget counts a whole purchase: four notices heard, every step stored."""
    trade = await world.shipped()
    await trade.confirm()
    await trade.outcome()
    assert trade.steps == ["payment_started", "payment_succeeded", "shipped", "receipt_confirmed"]
    assert world.book.told(trade.id) == ["paid", "shipped", "confirmed", "released"]
    assert world.merchant.heard[trade.id] == [2, 3, 4, 5]
