"""A page's payouts in one file: each is paid once, whatever is lost on the way."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.batches import Batches
from banks.port import Declined, Settled
from clearing.batches import batches
from clearing.port import Page, Payout, PayoutBatch, PayoutState, Run
from clearing.runs import Runs
from domain.accounts import Account, Code
from tests.integration.clearing.clearers import Clearers, currency, references
from tests.integration.clearing.test_clearing_day import lose_first_answers, merchants
from tests.integration.clearing.till import TODAY, Till
from tests.workflows.files import FilingBank
from tests.workflows.parts import MemoryOperations
from workflows.clearing import Tally


@pytest_asyncio.fixture
async def bank(clearers: Clearers) -> AsyncIterator[FilingBank]:
    """The clearers' bank, for a test, is one that takes files."""
    before, clearers.bank = clearers.bank, FilingBank()
    yield clearers.bank
    clearers.bank = before


def by_file(clearers: Clearers) -> Runs:
    return Runs(clearers.engine, ["sandbox"], ["sandbox"])


async def cleared(clearers: Clearers, unit: str, count: int, state: str = "sent") -> None:
    """A day of one shard and one page, until all its payouts are in `state`."""
    async with clearers.at_work(by_file(clearers)):
        day = await clearers.start(unit, TODAY, share=100, most=100)
        assert await day.result() == Tally(merchants=count, payouts=count)
        await clearers.until(lambda now: list(now.values()) == [state] * count, unit)


def paid(bank: FilingBank) -> list[str]:
    """References, by themselves or in a file."""
    return references(bank) + [
        one.reference for file in bank.files.known.values() for one in file.orders
    ]


async def test_a_page_of_payouts_is_one_file(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    shops = await merchants(till, 5, unit)
    await cleared(clearers, unit, 5)
    [file] = bank.files.known.values()
    assert (file.currency, file.day, len(file.id)) == (unit, TODAY, 33)
    assert sorted(one.amount for one in file.orders) == [100, 200, 300, 400, 500]
    assert references(bank) == []
    for shop in shops:
        assert (await till.books.reading.balance(_payable(shop), unit)).owed == 0


async def test_a_single_payout_needs_no_file(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    await merchants(till, 1, unit)
    await cleared(clearers, unit, 1)
    assert (len(references(bank)), bank.files.known) == (1, {})


async def test_a_payout_goes_on_with_what_the_bank_said_of_it_in_the_file(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    first, second, third = await merchants(till, 3, unit)
    refused, settled = [await _opened(till, shop, unit) for shop in (first, second)]
    bank.refusals[refused.reference] = Declined("account_closed")
    bank.truths[settled.reference] = Settled(settled.amount)
    async with clearers.at_work(by_file(clearers)):
        await (await clearers.start(unit, TODAY, share=100, most=100)).result()
        said = {first: "failed", second: "settled", third: "sent"}
        await clearers.until(lambda now: now == said, unit)
    assert references(bank) == []
    assert (await till.books.reading.balance(_payable(first), unit)).owed == 100


async def test_a_lost_answer_is_asked_for_and_the_file_not_sent_again(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    await merchants(till, 3, unit)
    bank.files.lost_answers = 1
    await cleared(clearers, unit, 3)
    [name] = bank.files.known
    assert (bank.times("file", name), bank.times("find_file", name)) == (1, 1)
    assert len(paid(bank)) == len(set(paid(bank))) == 3


async def test_a_file_that_never_came_is_sent_again_the_same(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    await merchants(till, 3, unit)
    bank.files.lost = 1
    await cleared(clearers, unit, 3)
    [name] = bank.files.known
    assert (bank.times("file", name), bank.times("find_file", name)) == (2, 1)
    assert references(bank) == []


async def test_a_file_that_the_bank_may_have_forgotten_is_never_sent_blind(
    till: Till, bank: FilingBank
) -> None:
    unit = currency()
    opened = [await _opened(till, shop, unit) for shop in await merchants(till, 2, unit)]
    [batch] = await _batches(till, Page(Run("sandbox", unit, TODAY), 0, 1), opened)
    operations = MemoryOperations()
    operations.long_ago.add(opened[0].reference)
    sent = ActivityEnvironment().run(Batches({"sandbox": bank}, operations).remit_batch, batch)
    with pytest.raises(ApplicationError, match="not sent again") as never:
        await sent
    assert never.value.type == "never_blind"
    assert (bank.times("file", batch.id), bank.times("find_file", batch.id)) == (0, 1)


async def test_a_bank_that_takes_no_file_is_told_of_each_payout(
    till: Till, clearers: Clearers, bank: FilingBank
) -> None:
    unit = currency()
    await merchants(till, 3, unit)
    bank.files.refuses = True
    await cleared(clearers, unit, 3)
    assert bank.files.known == {}
    assert len(paid(bank)) == len(set(paid(bank))) == 3


@pytest.mark.parametrize("where", ["clear", "remit_batch"])
async def test_what_dies_in_the_middle_pays_nobody_twice(
    till: Till,
    clearers: Clearers,
    bank: FilingBank,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = currency()
    await merchants(till, 4, unit)
    if where == "clear":
        lose_first_answers(monkeypatch, Runs, "clear")
    else:
        lose_first_answers(monkeypatch, Batches, "remit_batch")
    await cleared(clearers, unit, 4)
    assert len(bank.files.known) == 1
    assert len(paid(bank)) == len(set(paid(bank))) == 4


async def test_a_batch_is_fixed_and_holds_nothing_that_has_begun(till: Till) -> None:
    unit = currency()
    opened = [await _opened(till, shop, unit) for shop in await merchants(till, 4, unit)]
    await till.move(opened[0], PayoutState.SENT)
    page = Page(Run("sandbox", unit, TODAY), 0, 1)
    [first] = await _batches(till, page, opened[:3])
    assert {one.id for one in first.payouts} == {one.id for one in opened[1:3]}
    # What is opened later is in no file; what was in one finds it whole, from whatever page.
    assert await _batches(till, page, opened) == (first,)
    other = Page(page.run, 1, 2)
    assert await _batches(till, other, [opened[2], opened[3]]) == (first,)


async def test_nobody_rewrites_what_was_ordered_together(till: Till) -> None:
    unit = currency()
    opened = [await _opened(till, shop, unit) for shop in await merchants(till, 2, unit)]
    [made] = await _batches(till, Page(Run("sandbox", unit, TODAY), 0, 1), opened)
    for change in (
        "UPDATE payout_batch SET currency = 'XXX' WHERE id = :id",
        "DELETE FROM payout_batch_order WHERE batch_id = :id",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with till.engine.begin() as connection:
                await connection.execute(text(change), {"id": made.id})


async def _opened(till: Till, shop: str, unit: str) -> Payout:
    payout = await till.open(shop, currency=unit)
    assert payout is not None
    return payout


async def _batches(till: Till, page: Page, opened: list[Payout]) -> tuple[PayoutBatch, ...]:
    async with till.engine.begin() as connection:
        return await batches(connection, page, opened)


def _payable(merchant: str) -> Account:
    return Account(Code.MERCHANT_PAYABLE, merchant)
