"""A payout takes what is due out of the merchant's balance, once, line by line."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from clearing.contracts import bank_account, set_bank_account
from clearing.opening import NoBankAccount
from clearing.port import IllegalMove, Page, Payout, PayoutState, Run
from domain.accounts import SUSPENSE, Account, Code
from tests.integration.clearing.till import TODAY, TOMORROW, Till, posting

PAYABLE, RECEIVABLE, RESERVE = (
    Code.MERCHANT_PAYABLE,
    Code.MERCHANT_RECEIVABLE,
    Code.MERCHANT_RESERVE,
)


async def opened(till: Till) -> tuple[str, Payout]:
    """A merchant who sold something for 700, and the payout of it."""
    merchant = await till.merchant()
    await till.sold(merchant, 700)
    payout = await till.open(merchant)
    assert payout is not None
    return merchant, payout


async def test_everything_that_is_due_becomes_one_payout(till: Till) -> None:
    merchant = await till.merchant()
    await till.sold(merchant, 700)
    await till.sold(merchant, 300)
    payout = await till.open(merchant)
    assert payout is not None
    assert (payout.amount, payout.account, payout.holder) == (1000, "6222-1", "Till")
    assert await till.lines(payout) == [300, 700]
    assert await till.owed(PAYABLE, merchant) == 0


async def test_opening_again_finds_the_same_and_moves_nothing(till: Till) -> None:
    merchant = await till.merchant()
    await till.sold(merchant, 700)
    first = await till.open(merchant)
    await till.sold(merchant, 50)
    assert await till.open(merchant) == first
    assert await till.owed(PAYABLE, merchant) == 50
    following = await till.open(merchant, TOMORROW)
    assert following is not None
    assert following.amount == 50


async def test_many_who_open_at_once_open_one(till: Till) -> None:
    merchant = await till.merchant()
    await till.sold(merchant, 700)
    opened = await asyncio.gather(*(till.open(merchant) for _ in range(12)))
    assert len({payout and payout.id for payout in opened}) == 1
    assert await till.owed(PAYABLE, merchant) == 0


async def test_a_release_waits_its_days_in_the_ledger_too(till: Till) -> None:
    merchant = await till.merchant(days=1)
    await till.sold(merchant, 700)
    assert await till.open(merchant) is None
    assert await till.owed(PAYABLE, merchant) == 700
    assert await till.open(merchant, TOMORROW) is not None


async def test_debts_are_recovered_before_anything_is_paid(till: Till) -> None:
    merchant = await till.merchant()
    owes = Account(RECEIVABLE, merchant)
    await till.post(posting((owes, SUSPENSE, 900)))
    await till.sold(merchant, 700)
    assert await till.open(merchant) is None
    assert (await till.owed(PAYABLE, merchant), await till.owed(RECEIVABLE, merchant)) == (0, -200)
    await till.sold(merchant, 1000)
    payout = await till.open(merchant)
    assert payout is not None
    assert payout.amount == 800
    assert await till.owed(RECEIVABLE, merchant) == 0
    assert await till.lines(payout) == [-700, -200, 700, 1000]


async def test_without_bank_details_the_money_stays_where_it_is(till: Till) -> None:
    merchant = await till.merchant(paid_to="")
    await till.post(posting((Account(RECEIVABLE, merchant), SUSPENSE, 100)))
    await till.sold(merchant, 700)
    with pytest.raises(NoBankAccount):
        await till.open(merchant)
    assert (await till.owed(PAYABLE, merchant), await till.owed(RECEIVABLE, merchant)) == (
        700,
        -100,
    )


async def test_what_the_bank_refuses_is_payable_again_once_there_are_new_details(
    till: Till,
) -> None:
    merchant, payout = await opened(till)
    await till.move(payout, PayoutState.FAILED, "no_such_account")
    assert await till.owed(PAYABLE, merchant) == 700
    with pytest.raises(NoBankAccount):
        await till.open(merchant, TOMORROW)
    async with till.engine.begin() as connection:
        frozen = await bank_account(connection, merchant, "EUR")
        assert frozen is not None
        assert (frozen.state, frozen.reason) == ("frozen", "no_such_account")
        await set_bank_account(connection, merchant, "EUR", "Till", "6222-2")
    again = await till.open(merchant, TOMORROW)
    assert again is not None
    assert (again.amount, again.account) == (700, "6222-2")


async def test_a_custody_account_that_has_too_little_is_not_the_merchants_fault(
    till: Till,
) -> None:
    merchant, payout = await opened(till)
    await till.move(payout, PayoutState.FAILED, "insufficient_custody")
    again = await till.open(merchant, TOMORROW)
    assert again is not None
    assert again.amount == 700


async def test_a_step_is_taken_once_and_told_once(till: Till) -> None:
    merchant, payout = await opened(till)
    moved = [await till.move(payout, PayoutState.SENT) for _ in range(3)]
    assert [(step.event, step.news) for step in moved] == [(1, True), (1, False), (1, False)]
    event = await till.books.reading.event(payout.id, 1)
    assert event is not None
    assert (event.type, event.merchant_id) == ("payout.sent", merchant)
    assert event.body["data"]["payout"]["amount"] == 700


@pytest.mark.parametrize("wrong", [PayoutState.SETTLED, PayoutState.RETURNED, PayoutState.OPENED])
async def test_a_payout_does_not_skip_a_step(till: Till, wrong: PayoutState) -> None:
    _, payout = await opened(till)
    if wrong is PayoutState.OPENED:
        await till.move(payout, PayoutState.SENT)
    with pytest.raises(IllegalMove):
        await till.move(payout, wrong)


async def test_a_returned_payout_is_payable_again_once_there_are_new_details(till: Till) -> None:
    merchant, payout = await opened(till)
    for state in (PayoutState.SENT, PayoutState.SETTLED, PayoutState.RETURNED):
        await till.move(payout, state, "AC04" if state is PayoutState.RETURNED else "")
    async with till.engine.connect() as connection:
        account = await bank_account(connection, merchant, "EUR")
    assert account is not None
    assert (account.state, account.reason) == ("frozen", "AC04")
    assert await till.owed(PAYABLE, merchant) == 700
    async with till.engine.begin() as connection:
        await set_bank_account(connection, merchant, "EUR", "Till", "6222-2")
    again = await till.open(merchant, TOMORROW)
    assert again is not None
    assert (again.amount, again.account) == (700, "6222-2")


async def test_a_reserve_comes_free_after_its_days_as_far_as_it_is_there(till: Till) -> None:
    merchant = await till.merchant(reserve_days=10)
    await till.sold(merchant, 1000, reserve_bps=1000)
    first = await till.open(merchant)
    assert first is not None
    assert (first.amount, await till.owed(RESERVE, merchant)) == (900, 100)
    await till.post(posting((Account(RESERVE, merchant), SUSPENSE, 30)))
    assert await till.open(merchant, TODAY + timedelta(days=9)) is None
    freed = await till.open(merchant, TODAY + timedelta(days=10))
    assert freed is not None
    assert (freed.amount, await till.owed(RESERVE, merchant)) == (70, 0)
    assert await till.open(merchant, TODAY + timedelta(days=11)) is None


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE payout SET amount = amount + 1 WHERE id = :id",
        "UPDATE payout SET state = 'settled', version = version + 1 WHERE id = :id",
        "UPDATE payout_line SET amount = 1 WHERE payout_id = :id",
        "DELETE FROM payout_line WHERE payout_id = :id",
        "DELETE FROM payout WHERE id = :id",
        "INSERT INTO payout_line SELECT journal_id, leg, payout_id, amount FROM payout_line"
        " WHERE payout_id = :id",
        "INSERT INTO payout_line SELECT journal_id, leg, :id, 5 FROM transfer"
        " WHERE name = 'payout_opened' AND subject = :id",
    ],
)
async def test_the_database_refuses_to_change_what_a_payout_pays(
    till: Till, forbidden: str
) -> None:
    _, payout = await opened(till)
    with pytest.raises(DBAPIError):
        async with till.engine.begin() as connection:
            await connection.execute(text(forbidden), {"id": payout.id})


async def test_shards_and_pages_see_every_merchant_once(till: Till) -> None:
    """A currency of its own: nobody else's merchants are among these."""
    merchants = [await till.merchant(currency="CHF") for _ in range(7)]
    homeless = await till.merchant(currency="CHF", paid_to="")
    for merchant in (*merchants, homeless):
        await till.sold(merchant, 100, currency="CHF")
    run, seen, held_back = Run("sandbox", "CHF", TODAY), 0, 0
    paid: list[Payout] = []
    for shard in range(3):
        after = None
        while after != "":
            cleared = await till.runs.clear(Page(run, shard, 3, after or "", most=2))
            seen, held_back = seen + cleared.merchants, held_back + cleared.held_back
            paid += cleared.payouts
            after = cleared.after
    assert (seen, held_back) == (8, 1)
    assert sorted(payout.merchant_id for payout in paid) == sorted(merchants)
    assert {payout.amount for payout in paid} == {100}


async def test_looking_for_open_items_begins_where_the_oldest_is(till: Till) -> None:
    merchant = await till.merchant(days=5)
    horizons = []
    for day in range(3):
        await till.sold(merchant, 100)
        await till.open(merchant, TODAY + timedelta(days=day * 5))
        query = text("SELECT upto::text::bigint FROM paid_up_to WHERE merchant_id = :id")
        async with till.engine.connect() as connection:
            horizons.append(await connection.scalar(query, {"id": merchant}))
    # The first run left its purchase open; the second paid it, with the next, which was due.
    assert horizons[0] < horizons[1] < horizons[2]
