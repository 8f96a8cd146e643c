"""A dispute in a running purchase: who ends it how, what the clock does, what the bank is told."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from domain.states import Party, Reason
from tests.workflows.world import (
    PRICE,
    Quarrel,
    Trade,
    World,
    command,
    refusal,
    say,
    until_found_as,
)
from workflows.commands import (
    AnswerDispute,
    OpenDispute,
    ResolveDispute,
    WithdrawDispute,
)

PART = 4_000
DAY = timedelta(days=1)
ACCEPT, CONTEST = AnswerDispute(contest=False), AnswerDispute(contest=True)


async def disputed(world: World, amount: int = PART, **kind: object) -> Trade:
    trade = await world.shipped(**kind)
    answer = await say(trade, OpenDispute(amount, Reason.DAMAGED))
    assert answer.status == "disputed"
    return trade


async def details(trade: Trade) -> str:
    said = await trade.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(said.current_details)


async def test_an_accepted_dispute_goes_back_and_the_rest_is_released(world: World) -> None:
    trade = await disputed(world)
    assert (await say(trade, ACCEPT)).status == "awaiting_confirmation"
    await trade.confirm()
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.released, outcome.refunded) == ("completed", PRICE - PART, PART)
    assert world.bank.times("refund", trade.reference("refund")) == 1


async def test_operators_divide_what_is_contested(world: World) -> None:
    trade = await disputed(world, PRICE)
    assert "merchant to answer" in await details(trade)
    await until_found_as(trade.handle, "disputed")
    await say(trade, CONTEST)
    assert "operators to decide" in await details(trade)
    await until_found_as(trade.handle, "arbitration")
    await say(trade, ResolveDispute(dispute=1, refund=PART, release=PRICE - PART))
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.released, outcome.refunded) == ("completed", PRICE - PART, PART)
    assert trade.steps[-4:-1] == ["dispute_opened", "dispute_contested", "dispute_resolved"]


async def test_a_withdrawn_dispute_goes_on_as_if_it_had_not_been(world: World) -> None:
    trade = await disputed(world)
    assert (await say(trade, WithdrawDispute())).status == "awaiting_confirmation"
    await until_found_as(trade.handle, "paid")
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE


async def test_nobody_answers_and_nobody_decides(world: World) -> None:
    """The rest is released by its own clock; the disputed part goes back to the buyer."""
    trade = await disputed(world, skipping=True)
    await trade.fast_forward(6 * DAY)
    assert trade.steps[-1] == "answer_lapsed"
    await trade.fast_forward(5 * DAY)
    assert trade.money() == {"held": 0, "released": PRICE - PART, "refunded": 0}
    await trade.fast_forward(30 * DAY)
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.released, outcome.refunded) == ("completed", PRICE - PART, PART)


async def test_a_merchant_that_neither_ships_nor_answers_gives_it_back(world: World) -> None:
    trade = await world.paid(skipping=True)
    await say(trade, OpenDispute(PRICE, Reason.NOT_RECEIVED))
    assert "goes back to the buyer" in await details(trade)
    await trade.fast_forward(6 * DAY)
    assert (await trade.outcome()).refunded == PRICE


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (OpenDispute(1, Reason.OTHER), "dispute_open_already"),
        (ResolveDispute(1, PART, 0), "wrong_stage"),
    ],
    ids=["a second one", "decided before it was answered"],
)
async def test_what_an_open_dispute_refuses(world: World, said: Quarrel, code: str) -> None:
    trade = await disputed(world)
    before = list(trade.steps)
    assert await refusal(say(trade, said)) == code
    assert trade.steps == before
    await trade.refund(PRICE - PART)
    await say(trade, ACCEPT)
    await trade.outcome()


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (ResolveDispute(1, PART, 0), "wrong_stage"),
        (ResolveDispute(2, PART, 1), "split_mismatch"),
    ],
    ids=["on an earlier dispute", "more than is disputed"],
)
async def test_a_decision_is_on_this_dispute_and_this_amount(
    world: World, decision: ResolveDispute, code: str
) -> None:
    trade = await disputed(world)
    await say(trade, WithdrawDispute())
    await say(trade, OpenDispute(PART, Reason.DAMAGED))
    await say(trade, CONTEST)
    assert await refusal(say(trade, decision)) == code
    await say(trade, ResolveDispute(2, PART, 0))
    await trade.confirm()
    assert (await trade.outcome()).refunded == PART


@pytest.mark.parametrize("said", [ACCEPT, WithdrawDispute()], ids=["answered", "withdrawn"])
async def test_no_dispute_no_answer(world: World, said: Quarrel) -> None:
    trade = await world.shipped()
    assert await refusal(say(trade, said)) == "no_dispute_open"
    await trade.confirm()
    await trade.outcome()


async def test_the_same_complaint_twice_is_one(world: World) -> None:
    trade = await world.shipped()
    complaint = command()
    for _ in range(2):
        answer = await say(trade, OpenDispute(PART, Reason.DAMAGED), complaint)
        assert answer.status == "disputed"
    assert trade.steps.count("dispute_opened") == 1
    await trade.refund(PRICE - PART)
    await say(trade, ACCEPT)
    assert (await trade.outcome()).refunded == PRICE


async def test_confirming_and_complaining_in_the_same_instant(world: World) -> None:
    trade = await world.shipped()
    complaint = say(trade, OpenDispute(PRICE, Reason.DAMAGED))
    await asyncio.gather(trade.confirm(), complaint, return_exceptions=True)
    if trade.stage != "completed":
        await say(trade, ACCEPT)
    outcome = await trade.outcome()
    assert sorted((outcome.released, outcome.refunded)) == [0, PRICE]


async def test_the_merchants_side_is_not_the_buyers(world: World) -> None:
    """Each update has one party: whoever it comes from stands in the step."""
    trade = await disputed(world)
    await say(trade, CONTEST)
    assert world.book.steps[trade.id][-1].by == Party.MERCHANT
    await say(trade, WithdrawDispute())
    assert world.book.steps[trade.id][-1].by == Party.BUYER
    await trade.refund()
    await trade.outcome()
