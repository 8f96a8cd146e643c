"""Parts that fail: nothing is lost, nothing is paid twice, nobody waits for the merchant."""

import asyncio
from datetime import timedelta

from banks.port import Declined
from tests.workflows.world import PRICE, World, eventually, refusal
from workflows.escrow import EscrowWorkflow
from workflows.names import notice_id

DAY = timedelta(days=1)


async def test_a_database_that_is_away_delays_and_loses_nothing(world: World) -> None:
    trade = await world.paid()
    world.book.outages[trade.id] = 3
    await trade.ship()
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert trade.steps == ["payment_started", "payment_succeeded", "shipped", "receipt_confirmed"]


async def test_a_lost_answer_to_a_refund_is_asked_for_not_repeated(world: World) -> None:
    trade = await world.paid()
    reference = trade.reference("refund")
    world.bank.lost_answers["refund", reference] = 1
    await trade.refund()
    assert (await trade.outcome()).stage == "refunded"
    assert world.bank.times("refund", reference) == 1
    assert world.bank.times("find", reference) == 1


async def test_a_refund_that_never_arrived_is_sent_again_under_the_same_reference(
    world: World,
) -> None:
    trade = await world.paid()
    reference = trade.reference("refund")
    world.bank.silences["refund", reference] = 1
    await trade.refund()
    assert (await trade.outcome()).stage == "refunded"
    assert world.bank.times("refund", reference) == 2


async def test_a_refused_refund_is_kept_in_suspense_for_a_person(world: World) -> None:
    trade = await world.paid()
    world.bank.refusals[trade.reference("refund")] = Declined("account_closed")
    await trade.refund()
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.review) == ("refunded", "refund_refused")
    assert trade.steps[-1] == "return_refused"


async def test_a_silent_bank_is_asked_on_and_a_person_hears_of_it(world: World) -> None:
    trade = await world.paid(skipping=True)
    reference = trade.reference("refund")
    world.bank.silences["refund", reference] = 1
    world.bank.silences["find", reference] = 7
    await trade.refund()
    for _ in range(12):
        if "return_succeeded" in trade.steps:
            break
        await trade.fast_forward(timedelta(hours=1))
    outcome = await trade.outcome()
    assert trade.steps[-2:] == ["review_needed", "return_succeeded"]
    assert (outcome.stage, outcome.review) == ("refunded", "")


async def test_nothing_is_resent_blind_past_the_banks_memory(world: World) -> None:
    trade = await world.paid()
    reference = trade.reference("refund")
    world.operations.long_ago.add(reference)
    await trade.refund()
    await eventually(lambda: world.bank.times("find", reference) >= 1)
    assert world.bank.times("refund", reference) == 0
    await trade.handle.terminate("the test is over")


async def test_a_merchant_that_is_down_holds_nothing_up_and_hears_it_later(world: World) -> None:
    trade = await world.paid()
    world.merchant.down.add(trade.id)
    await trade.ship()
    await trade.confirm()
    assert (await trade.outcome()).stage == "completed"
    world.merchant.down.remove(trade.id)
    for number in (3, 4, 5):
        notice = world.client.get_workflow_handle(notice_id(trade.id, number, "whe_1"))
        assert await asyncio.wait_for(notice.result(), 40) == "delivered"
    assert sorted(world.merchant.heard[trade.id]) == [2, 3, 4, 5]


async def test_a_partial_refund_runs_beside_the_inspection(world: World) -> None:
    """The bank takes its time; the buyer confirms the rest meanwhile."""
    trade = await world.shipped()
    reference = trade.reference("refund")
    gate = world.bank.slow[reference] = asyncio.Event()
    await trade.refund(345)
    await trade.confirm()
    await trade.reaches("completed")
    gate.set()
    outcome = await trade.outcome()
    assert (outcome.released, outcome.refunded) == (PRICE - 345, 345)


async def test_a_refused_command_leaves_no_trace(world: World) -> None:
    trade = await world.paid()
    await trade.handle.query(EscrowWorkflow.state)  # whatever was under way is written down
    length = (await trade.handle.describe()).history_length
    assert await refusal(trade.refund(PRICE + 1)) == "amount_exceeds_held"
    assert await refusal(trade.cancel()) == "paid_already"
    assert (await trade.handle.describe()).history_length == length
    assert trade.money() == {"held": PRICE, "released": 0, "refunded": 0}


async def test_a_receipt_before_its_time_is_no_receipt(world: World) -> None:
    trade = await world.paid()
    await trade.confirm()
    await trade.ship()
    assert trade.stage == "awaiting_confirmation"
