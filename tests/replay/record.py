"""Record histories of whole purchases: `python -m tests.replay.record` before a release.

With a release and the names of stories only those are recorded.

Every file in `histories/` is a promise: purchases that were started by that release are still
open somewhere, and today's code has to carry them on.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from banks.port import Declined, Deducted, Payer
from domain.states import Party, Reason
from domain.terms import BUYERS_EXTENSION, Funding
from tests.workflows.running import running_world
from tests.workflows.world import PRICE, Trade, World, say
from workflows.commands import AnswerDispute, OpenDispute, ResolveDispute, WithdrawDispute

HISTORIES = Path(__file__).parent / "histories"


async def released(world: World) -> Trade:
    trade = await world.shipped()
    await trade.extend(Party.BUYER, BUYERS_EXTENSION)
    await trade.confirm()
    return trade


async def frozen_and_released(world: World) -> Trade:
    trade = await world.paid(funding=Funding.FREEZE)
    await trade.ship()
    await trade.reaches("awaiting_confirmation")
    await trade.confirm()
    return trade


async def second_bank_paid_then_refunded(world: World) -> Trade:
    trade = await world.open()
    await trade.pay()
    await trade.pay("online_banking")
    await trade.bank_says(Declined("insufficient_funds"), attempt=2)
    await trade.reaches("awaiting_payment")
    await trade.pay()
    await trade.bank_says(Deducted(PRICE), attempt=3)
    await trade.reaches("awaiting_shipment")
    await trade.refund(345)
    await trade.refund(PRICE - 345)
    return trade


async def lapsed_after_reminders(world: World) -> Trade:
    trade = await world.shipped(skipping=True)
    for days in (7.5, 2, 1):
        await trade.fast_forward(timedelta(days=days))
    return trade


async def troubled(world: World) -> Trade:
    """The ledger is away, the merchant is down, the bank's answer gets lost."""
    trade = await world.paid()
    world.book.outages[trade.id] = 1
    world.merchant.down.add(trade.id)
    world.bank.lost_answers["refund", trade.reference("refund")] = 1
    await trade.refund()
    return trade


async def disputed_twice_and_divided(world: World) -> Trade:
    trade = await world.shipped()
    for said in (
        OpenDispute(100, Reason.WRONG_ITEM),
        WithdrawDispute(),
        OpenDispute(PRICE, Reason.DAMAGED),
        AnswerDispute(contest=True),
        ResolveDispute(dispute=2, refund=345, release=PRICE - 345),
    ):
        await say(trade, said)
    return trade


async def dispute_left_to_the_clock(world: World) -> Trade:
    trade = await world.shipped(skipping=True)
    await say(trade, OpenDispute(345, Reason.OTHER))
    for days in (5.5, 31):
        await trade.fast_forward(timedelta(days=days))
    return trade


async def paid_by_saved_methods(world: World) -> Trade:
    """One that the bank has forgotten, then one that it has."""
    trade = await world.open()
    world.bank.refusals[trade.reference("payment")] = Declined("unknown_method")
    await trade.pay(payer=Payer("pyr_1", "pm_gone"))
    await trade.pay(payer=Payer("pyr_1", "pm_1", remember=True))
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.reaches("awaiting_shipment")
    await trade.refund()
    return trade


async def closed_unpaid(world: World) -> Trade:
    trade = await world.open(payment=timedelta(seconds=1))
    await trade.pay()
    return trade


STORIES: tuple[Callable[[World], Awaitable[Trade]], ...] = (
    released,
    frozen_and_released,
    second_bank_paid_then_refunded,
    lapsed_after_reminders,
    troubled,
    disputed_twice_and_divided,
    dispute_left_to_the_clock,
    paid_by_saved_methods,
    closed_unpaid,
)


async def record(release: str, *names: str) -> None:
    """All stories, or only those of `names`: what is recorded already stays as it was."""
    folder = HISTORIES / release
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        async with running_world(Path(home)) as world:
            for story in STORIES:
                if names and story.__name__ not in names:
                    continue
                trade = await story(world)
                await trade.outcome()
                history = await trade.handle.fetch_history()
                text = json.dumps(without_traces(json.loads(history.to_json())), indent=1)
                (folder / f"{story.__name__}.json").write_text(text + "\n")


def without_traces(part: Any) -> Any:
    """Stack traces name paths of the machine that recorded; replay does not read them."""
    if isinstance(part, dict):
        return {key: without_traces(value) for key, value in part.items() if key != "stackTrace"}
    return [without_traces(each) for each in part] if isinstance(part, list) else part


if __name__ == "__main__":
    asyncio.run(record(*(sys.argv[1:] or ["0.1.0"])))
