"""Paying many merchants with one order: each once, whatever was remitted by itself before."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from banks.port import (
    Accepted,
    BankRefusedOurRequest,
    Batch,
    BatchOrder,
    BatchRemitter,
    Creditor,
    Declined,
    OutcomeUnknown,
    Pending,
    Remitted,
    Settled,
    Unheard,
)
from banks.sandbox.magic import Call, Fault, Kind
from tests.conformance.stands import CURRENCY, PRICE, Trade

ARRIVES, NOBODY, CLOSED = "6217000000000018", "6217000000000026", "6217000000000034"
CUT_AFTER, BACK = "6217000000000042", "6217000000000067"
AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
PAID = ("deduct", PRICE)


@pytest.fixture
async def paid(trade: Trade) -> Trade:
    """There is a price in custody."""
    await trade.paid()
    return trade


def of(trade: Trade, *accounts: str, amount: int = 100) -> Batch:
    """The n-th account gets n times `amount`."""
    orders = tuple(
        BatchOrder(trade.ref("remit", n), Creditor(f"Shop {n}", account), n * amount)
        for n, account in enumerate(accounts, start=1)
    )
    return Batch(f"B-{uuid4().hex[:20]}", CURRENCY, date(2026, 11, 23), AT, orders)


def at(trade: Trade) -> BatchRemitter:
    assert trade.bank.batches
    return trade.bank.batches


async def remit(trade: Trade, batch: Batch) -> list[Remitted]:
    said = await at(trade).remit_batch(batch)
    assert list(said) == [order.reference for order in batch.orders]
    return list(said.values())


async def paid_out(trade: Trade) -> list[int]:
    """Amounts that left, by the bank's own journal."""
    return [amount for kind, amount in await trade.moves() if kind == "remit"]


async def test_each_is_accepted_then_settled(paid: Trade) -> None:
    batch = of(paid, ARRIVES, CUT_AFTER)
    assert await remit(paid, batch) == [Accepted(), Accepted()]
    await paid.finds(Settled(100), "remit")
    async with asyncio.timeout(30):
        while await remit(paid, batch) != [Settled(100), Settled(200)]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await paid_out(paid) == [100, 200]


async def test_some_are_refused_with_their_reason(paid: Trade) -> None:
    said = await remit(paid, of(paid, NOBODY, ARRIVES, CLOSED))
    codes = [one.code for one in said if isinstance(one, Declined)]
    assert codes == ["no_such_account", "account_closed"]
    assert said[1] == Accepted()
    assert await paid_out(paid) == [200]


async def test_what_is_more_than_there_is_is_refused_alone(paid: Trade) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    much = replace(batch.orders[0], amount=10**14)
    first, second = await remit(paid, replace(batch, orders=(much, batch.orders[1])))
    assert isinstance(first, Declined)
    assert first.code == "insufficient_custody"
    assert second == Accepted()


async def test_many_tries_at_once_pay_once(paid: Trade) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    said = await asyncio.gather(*(remit(paid, batch) for _ in range(5)))
    assert said == [[Accepted(), Accepted()]] * 5
    assert await paid_out(paid) == [100, 200]


async def test_what_was_remitted_by_itself_is_not_paid_again(paid: Trade) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    single, remitter = batch.orders[1], paid.bank.remitter
    assert remitter
    await remitter.remit(single.reference, single.to, single.amount, CURRENCY)
    await remit(paid, batch)
    await remitter.remit(single.reference, single.to, single.amount, CURRENCY)
    again = replace(batch, id=f"{batch.id}-again")
    assert all(isinstance(one, Accepted | Settled) for one in await remit(paid, again))
    assert sorted(await paid_out(paid)) == [100, 200]


@pytest.mark.parametrize(("amount", "holder"), [(7, "Shop 2"), (200, "Another")])
async def test_a_reference_of_another_order_refuses_the_whole(
    paid: Trade, amount: int, holder: str
) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    single = replace(batch.orders[1], amount=amount, to=Creditor(holder, ARRIVES))
    remitter = paid.bank.remitter
    assert remitter
    await remitter.remit(single.reference, single.to, single.amount, CURRENCY)
    with pytest.raises(BankRefusedOurRequest):
        await remit(paid, batch)
    assert await paid_out(paid) == [single.amount]
    assert await at(paid).find_batch(batch) == Unheard()


async def test_an_id_is_for_one_batch(paid: Trade) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    await remit(paid, batch)
    for other in (replace(batch, orders=batch.orders[:1]), replace(batch, day=date(2026, 11, 24))):
        with pytest.raises(BankRefusedOurRequest):
            await remit(paid, other)
    assert await paid_out(paid) == [100, 200]


@pytest.mark.parametrize(
    ("kind", "done"), [(Kind.LOST, False), (Kind.ERROR, False), (Kind.ANSWER_LOST, True)]
)
async def test_an_answer_that_got_lost_is_asked_for(paid: Trade, kind: Kind, *, done: bool) -> None:
    batch = of(paid, ARRIVES, ARRIVES)
    await paid.stand.order(batch.id, Fault(Call.BATCH, kind))
    with pytest.raises(OutcomeUnknown):
        await remit(paid, batch)
    assert isinstance(await at(paid).find_batch(batch), Unheard) is not done
    await remit(paid, batch)
    assert isinstance(await at(paid).find_batch(batch), dict)
    assert await paid_out(paid) == [100, 200]


async def test_what_is_pending_is_accepted_in_the_end(paid: Trade) -> None:
    await paid.fault(Fault(Call.REMIT, Kind.PENDING, 0.3))
    batch = of(paid, ARRIVES)
    assert await remit(paid, batch) == [Pending()]
    await paid.finds(Settled(100), "remit")
    assert await paid_out(paid) == [100]


async def test_what_came_back_was_carried_out(paid: Trade) -> None:
    batch = of(paid, ARRIVES)
    await remit(paid, batch)
    await paid.stand.send_back(batch.orders[0].reference)
    assert await remit(paid, batch) == [Settled(100)]
