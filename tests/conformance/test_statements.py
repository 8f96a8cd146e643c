"""A bank's days: every booking stands in one statement, and what is closed never changes."""

import asyncio
from dataclasses import dataclass

import pytest

from banks.files import bill, camt053
from banks.files.statements import Entry, Statement
from banks.port import (
    Creditor,
    OutcomeUnknown,
    StatementFormat,
    StatementNotice,
    StatementSource,
    UnknownStatement,
)
from banks.sandbox.magic import FEE, Call, Fault, Kind
from tests.conformance.stands import CURRENCY, PRICE, Trade

CAMT, BILL = StatementFormat.CAMT053, StatementFormat.BILL
ARRIVES = Creditor("Shop", "6217000000000018")
IN = ("payment", PRICE)
#: More than anything that is left under way takes.
DAYS = 10


@dataclass
class Desk:
    """Who reads a bank's statements, from `after` on."""

    trade: Trade
    after: int = 0

    @property
    def source(self) -> StatementSource:
        found = self.trade.bank.statements
        assert found
        return found

    async def news(self) -> list[StatementNotice]:
        """What was shown since, of the account in yuan."""
        found: list[StatementNotice] = []
        while notices := await self.source.published(self.after, limit=2):
            self.after = notices[-1].number
            found += notices
        return [one for one in found if one.currency == CURRENCY]

    async def close(self) -> list[Statement]:
        """Close the day, and read what is new."""
        await self.trade.stand.close_day()
        return [await self.opened(notice) for notice in await self.news()]

    async def opened(self, notice: StatementNotice) -> Statement:
        file = await self.source.fetch(notice.number, CAMT)
        (statement,) = camt053.read(file.data, may_be_empty=True)
        assert (statement.account.number, statement.sequence) == (notice.account, notice.sequence)
        assert (statement.currency, statement.closing.on) == (notice.currency, notice.day)
        return statement

    def entries(self, statement: Statement) -> list[Entry]:
        """Those of this purchase."""
        return [
            entry
            for entry in statement.entries
            if entry.movements[0].reference.startswith(self.trade.id)
        ]

    def lines(self, statement: Statement) -> list[tuple[str, int]]:
        """What each is for, and its signed amount."""
        said = [(one.movements[0].reference, one.signed) for one in self.entries(statement)]
        return [(reference.split(":")[1], amount) for reference, amount in said]


@pytest.fixture
async def desk(trade: Trade) -> Desk:
    """All that others left behind is read."""
    desk = Desk(trade)
    await desk.close()
    await desk.news()
    return desk


async def remit(trade: Trade, amount: int = 5_000) -> None:
    assert trade.bank.remitter
    await trade.bank.remitter.remit(trade.ref("remit"), ARRIVES, amount, CURRENCY)


async def test_every_booking_of_the_day_stands_in_it(desk: Desk, trade: Trade) -> None:
    await trade.paid()
    await trade.refund(345)
    await remit(trade)
    (statement,) = await desk.close()
    assert desk.lines(statement) == [IN, ("refund", -345), ("remit", -5_000)]
    assert {entry.booked_on for entry in statement.entries} == {statement.closing.on}
    assert len({entry.bank_reference for entry in statement.entries}) == len(statement.entries)
    to = desk.entries(statement)[-1].movements[0]
    assert (to.party, to.account and to.account.number) == (ARRIVES.holder, ARRIVES.account)


async def test_a_bill_says_the_same(desk: Desk, trade: Trade) -> None:
    await trade.paid()
    await trade.stand.close_day()
    (notice,) = await desk.news()
    assert set(notice.formats) == {CAMT, BILL}
    file = await desk.source.fetch(notice.number, BILL)
    assert (file.name[-4:], file.media_type) == (".zip", "application/zip")
    assert bill.read(file.data) == await desk.opened(notice)


async def test_what_comes_after_the_close_is_of_the_next_day(desk: Desk, trade: Trade) -> None:
    await trade.paid()
    (first,) = await desk.close()
    await trade.refund()
    (second,) = await desk.close()
    assert desk.lines(second) == [("refund", -PRICE)]
    assert second.sequence == first.sequence + 1
    assert second.closing.on > first.closing.on
    assert second.opening.amount == first.closing.amount


async def test_an_empty_day_has_a_statement_without_entries(desk: Desk) -> None:
    # What another test left under way at the bank may still be booked on a day or two.
    for _ in range(DAYS):
        (statement,) = await desk.close()
        if not statement.entries:
            break
    assert statement.entries == ()
    assert statement.opening.amount == statement.closing.amount


async def test_what_is_closed_is_the_same_bytes_each_time(desk: Desk, trade: Trade) -> None:
    await trade.paid()
    await trade.stand.close_day()
    (notice,) = await desk.news()
    before = [await desk.source.fetch(notice.number, form) for form in notice.formats]
    await trade.refund()
    await trade.stand.close_day()
    assert [await desk.source.fetch(notice.number, form) for form in notice.formats] == before


async def test_money_that_comes_back_stands_in_a_later_statement(desk: Desk, trade: Trade) -> None:
    await trade.paid()
    await remit(trade)
    (sent,) = await desk.close()
    await trade.stand.send_back(trade.ref("remit"))
    (back,) = await desk.close()
    assert ("remit", -5_000) in desk.lines(sent)
    assert desk.lines(back) == [("remit", 5_000)]
    returned = desk.entries(back)[0].movements[0].returned
    assert returned
    assert returned.code == "AC04"


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (Kind.MISSING, []),
        (Kind.DOUBLED, [IN, IN]),
        (Kind.SHORT, [("payment", PRICE - PRICE // 10)]),
        (Kind.FEE, [IN, ("payment", -FEE)]),
        (Kind.FOREIGN, [IN]),
        (Kind.LATE, []),
    ],
)
async def test_a_wrong_line(
    desk: Desk, trade: Trade, kind: Kind, lines: list[tuple[str, int]]
) -> None:
    await trade.paid()
    await trade.fault(Fault(Call.LINE, kind))
    (statement,) = await desk.close()
    assert desk.lines(statement) == lines
    strangers = [entry for entry in statement.entries if not entry.movements[0].reference]
    assert [entry.amount for entry in strangers] == ([PRICE] if kind is Kind.FOREIGN else [])
    charged = [entry.movements[0].charges for entry in desk.entries(statement)]
    assert sum(charged) == (FEE if kind is Kind.FEE else 0)
    (next_day,) = await desk.close()
    assert desk.lines(next_day) == ([IN] if kind is Kind.LATE else [])


async def test_a_statement_that_is_shown_twice(desk: Desk, trade: Trade) -> None:
    await trade.stand.order("CUSTODY-CNY", Fault(Call.STATEMENT, Kind.TWICE))
    first, second = await desk.close()
    assert first == second


async def test_a_statement_that_comes_after_the_next(desk: Desk, trade: Trade) -> None:
    await trade.stand.order("CUSTODY-CNY", Fault(Call.STATEMENT, Kind.REORDERED))
    assert await desk.close() == []
    second, first = await desk.close()
    assert first.sequence + 1 == second.sequence


async def test_a_statement_that_comes_late(desk: Desk, trade: Trade) -> None:
    await trade.stand.order("CUSTODY-CNY", Fault(Call.STATEMENT, Kind.LATE, 0.5))
    await trade.stand.close_day()
    async with asyncio.timeout(30):
        while not (news := await desk.news()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert len(news) == 1


async def test_a_statement_that_never_comes_leaves_a_gap(desk: Desk, trade: Trade) -> None:
    (before,) = await desk.close()
    await trade.stand.order("CUSTODY-CNY", Fault(Call.STATEMENT, Kind.NEVER))
    assert await desk.close() == []
    (after,) = await desk.close()
    assert after.sequence == before.sequence + 2
    assert after.opening.amount == before.closing.amount


async def test_what_the_bank_has_not_is_said_so(desk: Desk, trade: Trade) -> None:
    await trade.start(currency="EUR")
    await trade.pay()
    await trade.stand.close_day()
    euros = [one for one in await desk.source.published(desk.after, 100) if one.currency == "EUR"]
    assert euros[-1].formats == (CAMT,)
    with pytest.raises(UnknownStatement):
        await desk.source.fetch(euros[-1].number, BILL)
    with pytest.raises(UnknownStatement):
        await desk.source.fetch(10**9, CAMT)


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ANSWER_LOST, Kind.ERROR])
async def test_a_silent_bank_has_said_nothing(desk: Desk, trade: Trade, kind: Kind) -> None:
    await trade.stand.order("CUSTODY", Fault(Call.STATEMENTS, kind))
    with pytest.raises(OutcomeUnknown):
        await desk.source.published(desk.after)
    await trade.stand.order("CUSTODY", Fault(Call.STATEMENTS, kind))
    with pytest.raises(OutcomeUnknown):
        await desk.source.fetch(desk.after, CAMT)
    assert (await desk.source.fetch(desk.after, CAMT)).data
