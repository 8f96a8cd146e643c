"""What no program can decide: a person is called, and called off when it has decided itself."""

from datetime import timedelta

from banks.port import Deducted, Refunded
from tests.workflows.world import PRICE, Trade, World, until_found_as
from workflows.escrow import EscrowWorkflow

HOUR = timedelta(hours=1)
LONG = 10_000


async def until(trade: Trade, step: str) -> None:
    """Hour after hour passes."""
    for _ in range(16):
        if step in trade.steps:
            return
        await trade.fast_forward(HOUR)
    assert step in trade.steps


async def review(trade: Trade) -> str:
    return (await trade.handle.query(EscrowWorkflow.state)).review


async def test_a_bank_that_is_silent_at_the_end_of_the_window(world: World) -> None:
    trade = await world.open(skipping=True)
    await trade.pay()
    reference = trade.reference("payment")
    world.bank.silences["close", reference] = world.bank.silences["find", reference] = LONG
    await until(trade, "review_needed")
    assert await trade.found_as() == "review"
    world.bank.silences.clear()
    await until(trade, "payment_lapsed")
    outcome = await trade.outcome()
    assert (outcome.stage, outcome.review) == ("closed", "")
    assert await trade.found_as() == "unpaid"


async def test_a_bank_that_says_paid_and_not_how_much(world: World) -> None:
    trade = await world.open(skipping=True)
    await trade.pay()
    reference = trade.reference("payment")
    world.bank.truths[reference] = Deducted(PRICE)
    world.bank.silences["find", reference] = LONG
    await until(trade, "review_needed")
    closes = world.bank.times("close", reference)
    world.bank.silences.clear()
    await until(trade, "payment_succeeded")
    assert (closes, await review(trade)) == (1, "")
    assert await trade.found_as() == "paid"
    await trade.refund()
    await trade.outcome()


async def test_a_bank_that_gives_back_less_than_it_was_told(world: World) -> None:
    """Neither given back nor refused: the return stays open until somebody has looked."""
    trade = await world.paid()
    reference = trade.reference("refund")
    world.bank.truths[reference] = Refunded(1)
    world.operations.begun.add(reference)
    await trade.refund()
    await until_found_as(trade.handle, "review")
    state = await trade.handle.query(EscrowWorkflow.state)
    assert (state.review, len(state.returns)) == ("return_mismatch", 1)
    assert trade.steps[-2:] == ["refund_granted", "review_needed"]
    await trade.handle.terminate("the test is over")
