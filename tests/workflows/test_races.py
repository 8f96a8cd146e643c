"""Several things in the same instant: one wins, money moves once."""

import asyncio
from datetime import timedelta

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from tests.workflows.world import PRICE, World, command
from workflows.escrow import EscrowWorkflow

ROUNDS = 8


async def test_confirm_refund_and_window_end_in_the_same_instant(world: World) -> None:
    stages = set()
    for number in range(ROUNDS):
        trade = await world.shipped(inspection=timedelta(seconds=1))
        # Straddle the deadline differently every round.
        await asyncio.sleep(0.7 + 0.06 * number)
        await asyncio.gather(
            trade.confirm(), trade.refund(), trade.confirm(), return_exceptions=True
        )
        outcome = await trade.outcome()
        stages.add(outcome.stage)
        assert sorted((outcome.released, outcome.refunded)) == [0, PRICE]
        refunds = world.bank.times("refund", trade.reference("refund"))
        assert refunds == (1 if outcome.refunded else 0)
    assert stages <= {"completed", "refunded"}


async def test_one_of_two_whole_refunds_wins(world: World) -> None:
    trade = await world.paid()
    answers = await asyncio.gather(trade.refund(), trade.refund(), return_exceptions=True)
    refused = [a for a in answers if isinstance(a, WorkflowUpdateFailedError | RPCError)]
    assert len(refused) == 1
    assert (await trade.outcome()).refunded == PRICE
    assert world.bank.times("refund", trade.reference("refund")) == 1


async def test_the_same_confirmation_twice_is_one(world: World) -> None:
    trade = await world.shipped()
    await asyncio.gather(*(trade.confirm("the-same-click") for _ in range(5)))
    assert (await trade.outcome()).released == PRICE
    assert trade.steps.count("receipt_confirmed") == 1


async def test_a_confirmation_that_came_too_early_does_not_count_when_it_comes_again(
    world: World,
) -> None:
    """A signal may be delivered twice; what was said before the shipment was about nothing."""
    trade = await world.paid()
    early = command()
    await trade.confirm(early)
    await trade.ship()
    await trade.confirm(early)
    # A query is answered when whatever was under way is written down.
    assert (await trade.handle.query(EscrowWorkflow.state)).stage == "awaiting_confirmation"
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE


async def test_shipping_and_refunding_at_once_keeps_every_unit(world: World) -> None:
    trade = await world.paid()
    await asyncio.gather(trade.ship(), trade.refund(), return_exceptions=True)
    assert (await trade.outcome()).refunded == PRICE
