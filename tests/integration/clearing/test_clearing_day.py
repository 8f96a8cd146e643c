"""A clearing day on a real server: every merchant is paid once, whatever dies in between."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from activities.clearing import Clearing
from activities.funding import Funding
from banks.port import Creditor, Declined, Returned, Settled
from clearing.port import Payout, Run
from clearing.runs import Runs
from domain.accounts import Account, Code
from tests.integration.clearing.clearers import Clearers, currency, references
from tests.integration.clearing.till import TODAY, Till
from workflows.clearing import ClearingRound, Tally
from workflows.names import ESCROW_QUEUE


async def merchants(till: Till, count: int, unit: str) -> list[str]:
    made = [await till.merchant(currency=unit) for _ in range(count)]
    for number, merchant in enumerate(made, 1):
        await till.sold(merchant, 100 * number, currency=unit)
    return made


async def one_payout(till: Till) -> tuple[str, str, Payout]:
    """A currency, its one merchant, and what is opened for it."""
    unit = currency()
    [shop] = await merchants(till, 1, unit)
    payout = await till.open(shop, currency=unit)
    assert payout is not None
    return unit, shop, payout


async def payout_of(clearers: Clearers, merchant: str) -> str:
    query = text("SELECT id FROM payout WHERE merchant_id = :merchant ORDER BY day DESC LIMIT 1")
    async with clearers.engine.connect() as connection:
        return str(await connection.scalar(query, {"merchant": merchant}))


async def test_everybody_is_paid_and_hears_of_it(till: Till, clearers: Clearers) -> None:
    unit = currency()
    shops = await merchants(till, 7, unit)
    async with clearers.at_work():
        day = await clearers.start(unit, TODAY)
        assert await day.result() == Tally(merchants=7, payouts=7)
        await clearers.until(lambda now: set(now.values()) == {"sent"}, unit)
        payout = await payout_of(clearers, shops[0])
        clearers.bank.truths[f"{payout}:remit:1"] = Settled(100)
        await clearers.payout(payout).signal("bank_reported")
        await clearers.until(lambda now: now[shops[0]] == "settled", unit)
        assert clearers.bank.creditors[f"{payout}:remit:1"] == Creditor("Till", "6222-1")
        while len(clearers.merchant.heard[payout]) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert clearers.merchant.heard[payout] == [1, 2]
    async with clearers.engine.connect() as connection:
        done = text("SELECT finished_at FROM clearing_run WHERE currency = :unit")
        assert await connection.scalar(done, {"unit": unit}) is not None


async def test_a_refused_remittance_is_the_merchants_money_again(
    till: Till, clearers: Clearers
) -> None:
    unit, shop, payout = await one_payout(till)
    clearers.bank.refusals[payout.reference] = Declined("no_such_account")
    async with clearers.at_work():
        await (await clearers.start(unit, TODAY)).result()
        assert await clearers.payout(payout.id).result() == "failed"
    balance = await till.books.reading.balance(_payable(shop), unit)
    assert balance.owed == 100


async def test_money_that_comes_back_days_later_is_noticed(till: Till, clearers: Clearers) -> None:
    unit, shop, payout = await one_payout(till)
    async with clearers.at_work():
        await (await clearers.start(unit, TODAY)).result()
        for truth, state in ((Settled(100), "settled"), (Returned(100, "AC04"), "returned")):
            clearers.bank.truths[payout.reference] = truth
            await clearers.payout(payout.id).signal("bank_reported")
            await clearers.until(lambda now, state=state: now[shop] == state, unit)  # type: ignore[misc]
        assert await clearers.payout(payout.id).result() == "returned"
    assert clearers.merchant.heard[payout.id] == [1, 2, 3]


async def test_a_lost_answer_is_asked_for_and_not_sent_again(
    till: Till, clearers: Clearers
) -> None:
    unit, shop, payout = await one_payout(till)
    clearers.bank.lost_answers["remit", payout.reference] = 1
    async with clearers.at_work():
        await (await clearers.start(unit, TODAY)).result()
        await clearers.until(lambda now: now[shop] == "sent", unit)
    assert clearers.bank.times("remit", payout.reference) == 1
    assert clearers.bank.times("find", payout.reference) >= 1


class Dying(Exception):
    """A worker is gone at this point."""


@pytest.mark.parametrize("where", ["clear", "move_payout", "move_money"])
async def test_what_dies_in_the_middle_is_done_again_and_pays_nobody_twice(
    till: Till, clearers: Clearers, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its effect, before anybody heard of it: the first try of every step is lost."""
    unit = currency()
    shops = await merchants(till, 5, unit)
    lose_first_answers(monkeypatch, Funding if where == "move_money" else Clearing, where)
    async with clearers.at_work():
        await (await clearers.start(unit, TODAY)).result()
        await clearers.until(lambda now: [now.get(shop) for shop in shops] == ["sent"] * 5, unit)
    paid = [f"{await payout_of(clearers, shop)}:remit:1" for shop in shops]
    asked = references(clearers.bank)
    assert [asked.count(reference) for reference in paid] == [1] * 5
    for number, shop in enumerate(shops, 1):
        assert (await till.books.reading.balance(_payable(shop), unit)).owed == 0
        assert await lines(clearers, shop) == [100 * number]


async def test_a_day_that_is_started_again_has_been_cleared(till: Till, clearers: Clearers) -> None:
    unit = currency()
    await merchants(till, 2, unit)

    class OfThisTest(Runs):
        async def due(self) -> list[Run]:
            return [run for run in await super().due() if run.currency == unit]

    async with clearers.at_work(OfThisTest(clearers.engine, ["sandbox"])):
        await (await clearers.start(unit, TODAY)).result()
        round_ = await clearers.client.start_workflow(
            ClearingRound.run, id=f"round-{unit}", task_queue=ESCROW_QUEUE
        )
        # The round clears the newest day that is over: a later one than the test's TODAY.
        started = await round_.result()
        assert len(started) == 1
        assert await clearers.client.get_workflow_handle(started[0]).result() is not None
        again = await clearers.client.start_workflow(
            ClearingRound.run, id=f"again-{unit}", task_queue=ESCROW_QUEUE
        )
        assert await again.result() == []
    async with clearers.engine.connect() as connection:
        count = text("SELECT count(*) FROM payout WHERE currency = :unit")
        assert await connection.scalar(count, {"unit": unit}) == 2


async def test_a_payout_without_news_ends_when_nothing_can_come_back(
    till: Till, clearers: Clearers
) -> None:
    unit, shop, payout = await one_payout(till)
    async with clearers.at_work():
        following = await clearers.follow(payout)
        await clearers.until(lambda now: now[shop] == "sent", unit)
        clearers.bank.truths[payout.reference] = Settled(100)
        await clearers.skipper.fast_forward(following, timedelta(minutes=1))
        await clearers.until(lambda now: now[shop] == "settled", unit)
        await clearers.skipper.fast_forward(following, timedelta(days=11))
        assert await following.result() == "settled"


async def lines(clearers: Clearers, merchant: str) -> list[int]:
    query = text(
        "SELECT amount FROM payout_line WHERE payout_id IN"
        " (SELECT id FROM payout WHERE merchant_id = :merchant)"
    )
    async with clearers.engine.connect() as connection:
        return list((await connection.scalars(query, {"merchant": merchant})).all())


def lose_first_answers(patch: pytest.MonkeyPatch, room: type, name: str) -> None:
    whole = getattr(room, name)
    lost: set[object] = set()

    async def dies_once(self: object, said: object) -> object:
        answer = await whole(self, said)
        key = str(said)
        if key not in lost:
            lost.add(key)
            raise Dying(name)
        return answer

    dies_once.__dict__.update(whole.__dict__)
    dies_once.__annotations__ = whole.__annotations__
    dies_once.__name__ = name
    patch.setattr(room, name, dies_once)


def _payable(merchant: str) -> Account:
    return Account(Code.MERCHANT_PAYABLE, merchant)
