"""Deadlines decide when nobody does; reminders come before them."""

from datetime import timedelta

import pytest

from domain.states import Party
from domain.terms import BUYERS_EXTENSION
from tests.workflows.world import PRICE, World, eventually, refusal

DAY = timedelta(days=1)


async def test_a_silent_buyer_releases_when_the_inspection_ends(world: World) -> None:
    trade = await world.shipped(skipping=True)
    for days in (7.5, 2, 1):
        await trade.fast_forward(days * DAY)
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.released) == ("completed", PRICE)
    assert trade.steps[-3:] == ["reminded", "reminded", "inspection_lapsed"]


async def test_a_merchant_that_never_ships_gives_the_money_back(world: World) -> None:
    trade = await world.paid(skipping=True)
    await trade.fast_forward(8 * DAY)
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.refunded) == ("refunded", PRICE)
    assert world.bank.times("refund", trade.reference("refund")) == 1


async def test_reminders_fall_away_in_windows_shorter_than_they_are(world: World) -> None:
    trade = await world.shipped(inspection=timedelta(seconds=1))
    assert (await trade.outcome()).stage == "completed"
    assert "reminded" not in trade.steps


async def test_the_buyers_one_extension_moves_the_release(world: World) -> None:
    trade = await world.shipped(skipping=True)
    await trade.extend(Party.BUYER, BUYERS_EXTENSION)
    assert await refusal(trade.extend(Party.BUYER, BUYERS_EXTENSION)) == "extended_already"
    await trade.fast_forward(11 * DAY)
    assert trade.stage == "awaiting_confirmation"
    await trade.fast_forward(3 * DAY)
    assert (await trade.outcome()).stage == "completed"


@pytest.mark.parametrize("days", [31, 0, -1])
async def test_a_merchants_extension_has_a_limit(world: World, days: int) -> None:
    trade = await world.shipped()
    assert await refusal(trade.extend(Party.MERCHANT, days * DAY)) == "extension_too_long"


async def test_an_unpaid_purchase_closes_by_itself(world: World) -> None:
    trade = await world.open(payment=timedelta(seconds=1))
    assert (await trade.outcome()).stage == "closed"
    assert trade.steps == ["payment_lapsed"]


async def test_a_payment_that_began_as_the_window_ended_is_closed_at_the_bank_first(
    world: World,
) -> None:
    """The clock strikes while the ledger is slow to store the buyer's choice."""
    trade = await world.open(payment=timedelta(seconds=4))
    world.book.outages[trade.id] = 6
    await trade.pay()
    assert (await trade.outcome()).stage == "closed"
    assert trade.steps == ["payment_started", "payment_declined", "payment_lapsed"]
    assert world.bank.times("close", trade.reference("payment")) == 1


async def test_operators_read_what_a_purchase_waits_for(world: World) -> None:
    trade = await world.shipped()
    description = await trade.handle.describe()
    assert await description.static_summary() == "123.45 CNY, order order-1"
    metadata = await trade.handle.query("__temporal_workflow_metadata")
    details = metadata["currentDetails"] if isinstance(metadata, dict) else str(metadata)
    assert "waiting for the buyer to confirm receipt until" in details
    assert "released to the merchant" in details
    stages = description.typed_search_attributes
    assert {str(pair.value) for pair in stages} >= {"paid", "CNY", trade.terms.merchant_id}


async def test_cancelling_the_workflow_strands_no_money(world: World) -> None:
    trade = await world.shipped()
    await trade.handle.cancel()
    await trade.extend(Party.MERCHANT, DAY)
    await trade.confirm()
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.released) == ("completed", PRICE)
    await eventually(lambda: world.merchant.heard[trade.id] == [2, 3, 4, 5, 6])
