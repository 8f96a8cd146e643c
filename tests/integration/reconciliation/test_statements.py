"""A bank's statements against what we told it: matched, or a break, and cash is always right."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.accounts import Code
from ledger.truths import breaches
from reconciliation.port import Changed, Discontinuous, OutOfOrder, StatementError, Tell, Unreadable
from reconciliation.truths import TRUTHS
from tests.integration.reconciliation.desk import Desk, entry, written


async def test_a_day_on_which_all_is_well(desk: Desk) -> None:
    paid, back = await desk.did("payment", 700), await desk.did("refund", 300)
    out = await desk.did("remit", 200)
    assert await desk.read(entry(paid, 700), entry(back, -300), entry(out, -200)) == []
    assert await desk.breaks() == []
    rules = [(paid, "in", "reference"), (back, "out", "reference"), (out, "out", "reference")]
    assert await desk.matches() == rules
    assert await desk.legs() == [(1010, 1100, 700), (2310, 1010, 300), (2300, 1010, 200)]
    assert await desk.standing(Code.BANK_CASH) == desk.balance == 200


async def test_what_the_bank_has_and_we_have_not(desk: Desk) -> None:
    refused = await desk.did("payment", 700, state="no", answer={"kind": "declined"})
    tells = await desk.read(entry("somebody", 50), entry("", -20), entry(refused, 700))
    assert await desk.breaks() == [
        ("missing_ours", "somebody", 0, 50),
        ("missing_ours", "", 0, -20),
        ("missing_ours", refused, 700, 700),
    ]
    assert tells == [Tell(refused.split(":")[0], refused)]
    assert await desk.legs() == [(1010, 2900, 50), (2900, 1010, 20), (1010, 2900, 700)]


async def test_what_we_have_and_the_bank_has_not_is_waited_for_and_then_missing(desk: Desk) -> None:
    late, lost = await desk.did("payment", 700), await desk.did("refund", 300)
    at_night = await desk.did("payment", 50, ago=60)
    tomorrow = await desk.did("payment", 60, ago=-60)
    await desk.read(entry("x", 1))
    opened = {("timing", late, 700, 0), ("timing", lost, -300, 0), ("cut_off", at_night, 50, 0)}
    assert set((await desk.breaks())[1:]) == opened
    await desk.read(entry(late, 700), entry(at_night, 50), entry(tomorrow, 60))
    assert set(await desk.breaks(closed=True)) == {
        ("timing", late, 700, 0),
        ("cut_off", at_night, 50, 0),
    }
    assert [rule for _, _, rule in await desk.matches()] == ["late", "late", "reference"]
    tells = await desk.read(entry("y", 1))
    assert (await desk.breaks())[1][0] == "missing_theirs"
    assert tells == [Tell(lost.split(":")[0], lost)]
    await desk.read(entry(lost, -300))
    assert [kind for kind, *_ in await desk.breaks()] == ["missing_ours", "missing_ours"]


async def test_an_unknown_outcome_is_decided_by_the_statement(desk: Desk) -> None:
    sending = await desk.did("refund", 300, state="sending")
    pending = await desk.did("payment", 700, state="pending", answer={"kind": "pending"})
    tells = await desk.read(entry(sending, -300), entry(pending, 700))
    assert [one.reference for one in tells] == [sending, pending]
    assert [rule for _, _, rule in await desk.matches()] == ["decided", "decided"]
    assert await desk.breaks() == []


async def test_what_a_statement_decided_and_the_bank_denies_is_a_break(desk: Desk) -> None:
    denied = await desk.did("payment", 700, state="pending", answer={"kind": "pending"})
    other = await desk.did("refund", 300, state="pending", answer={"kind": "pending"})
    agreed = await desk.did("payment", 50, state="pending", answer={"kind": "pending"})
    await desk.read(entry(denied, 700), entry(other, -300), entry(agreed, 50))
    await desk.answered(denied, "no", {"kind": "declined"})
    await desk.answered(other, "yes", {"kind": "refunded", "amount": 200})
    await desk.answered(agreed, "yes", {"kind": "deducted", "amount": 50})
    tells = await desk.read(entry("x", 1))
    found = {("missing_ours", denied, 700, 700), ("amount", other, -200, -300)}
    assert found == set(await desk.breaks()) - {("missing_ours", "x", 0, 1)}
    assert {one.reference for one in tells} == {denied, other}
    assert await desk.read(entry("y", 1)) == []


async def test_what_the_bank_takes_back_is_not_waited_for(desk: Desk) -> None:
    gone = await desk.did("refund", 300)
    await desk.read(entry("x", 1))
    await desk.answered(gone, "no", {"kind": "refused"})
    for _ in range(2):
        await desk.read(entry("y", 1))
    assert await desk.breaks(closed=True) == [("timing", gone, -300, 0)]
    assert {kind for kind, *_ in await desk.breaks()} == {"missing_ours"}


async def test_that_money_came_back_does_not_show_that_it_went_out(desk: Desk) -> None:
    out = await desk.did("remit", 200)
    await desk.read(entry("x", 1))
    await desk.read(entry(out, 200, returned="AC04"))
    assert await desk.breaks(closed=True) == []
    assert ("timing", out, -200, 0) in await desk.breaks()


async def test_a_day_is_judged_after_the_one_before(desk: Desk) -> None:
    first = desk.statement(entry("a", 5))
    taken = await desk.take_in(first)
    desk.sequence, desk.balance = 1, 5
    second = desk.statement(entry("b", 5))
    await desk.books.match(taken.file_id, 9)
    with pytest.raises(OutOfOrder):
        await desk.take_in(second)
    await desk.books.finish(taken.file_id)
    await desk.take_in(second)


async def test_a_line_that_stands_twice_is_paid_for_once(desk: Desk) -> None:
    paid = await desk.did("payment", 700)
    await desk.read(entry(paid, 700), entry(paid, 700))
    await desk.read(entry(paid, 700))
    assert await desk.breaks() == [("duplicate", paid, 700, 700)] * 2
    assert await desk.legs() == [(1010, 1100, 700), (1010, 2900, 700), (1010, 2900, 700)]
    assert await desk.standing(Code.BANK_CASH) == desk.balance


async def test_amounts_and_fees_that_nobody_agreed(desk: Desk) -> None:
    short, charged = await desk.did("payment", 700), await desk.did("payment", 500)
    await desk.read(entry(short, 650), entry(charged, 490, 10), entry("", -25, 25))
    assert await desk.breaks() == [
        ("amount", short, 700, 650),
        ("fee", charged, 500, 490),
        ("fee", "", 0, -25),
    ]
    legs = [(1010, 1100, 650), (1010, 1100, 490), (5100, 1100, 10), (2900, 1010, 25)]
    assert await desk.legs() == legs
    assert await desk.standing(Code.BANK_CLEARING) == 50


async def test_money_that_comes_back(desk: Desk) -> None:
    out, paid = await desk.did("remit", 200), await desk.did("payment", 700)
    await desk.read(entry(out, -200), entry(paid, 700))
    tells = await desk.read(entry(out, 200, returned="AC04"), entry(paid, -700))
    subjects = [one.split(":")[0] for one in (out, paid)]
    assert tells == [Tell(subjects[0], out, is_payout=True), Tell(subjects[1], paid)]
    assert await desk.breaks() == [("return", out, -200, 200), ("return", paid, 700, -700)]
    assert (await desk.legs())[2:] == [(1010, 2300, 200), (2900, 1010, 700)]


async def test_a_freeze_is_not_expected_and_its_deduction_is(desk: Desk) -> None:
    frozen = {"kind": "frozen", "amount": 700}
    await desk.did("payment", 700, answer=frozen)
    part = await desk.did("deduct", 600)
    await desk.read(entry(part, 600))
    assert await desk.breaks() == []


async def test_an_empty_statement_is_no_quiet_day(desk: Desk) -> None:
    paid = await desk.did("payment", 700)
    await desk.read()
    assert {kind for kind, *_ in await desk.breaks()} == {"empty", "timing"}
    await desk.read(entry(paid, 700))
    assert [kind for kind, *_ in await desk.breaks()] == ["empty"]


async def test_a_statement_is_taken_in_once_and_never_becomes_another_one(desk: Desk) -> None:
    one, other = desk.statement(entry("a", 5)), desk.statement(entry("b", 5))
    taken = await asyncio.gather(*(desk.take_in(one) for _ in range(8)))
    assert len(set(taken)) == 1
    with pytest.raises(Changed):
        await desk.take_in(other)
    matched = await asyncio.gather(*(desk.books.match(taken[0].file_id, 9) for _ in range(8)))
    assert sorted(one.upto for one in matched) == [0] * 7 + [1]
    assert await desk.legs() == [(1010, 2900, 5)]


async def test_what_is_no_statement_of_this_account_is_refused_whole(desk: Desk) -> None:
    good = desk.statement(entry("a", 5))
    cut = written(good)[:-40]
    refusals: list[tuple[type[StatementError], bytes]] = [
        (Unreadable, cut),
        (Unreadable, b"%PDF-1.7"),
        (Unreadable, written(desk.statement(entry("a", 5), currency="CHF"))),
        (Unreadable, written(desk.statement(entry("a", 5), sequence=9))),
        (Discontinuous, written(replace(good, opening=replace(good.opening, amount=1),
                                        closing=replace(good.closing, amount=6)))),
    ]  # fmt: skip
    for refusal, content in refusals:
        with pytest.raises(refusal):
            await desk.books.take_in(desk.due(), content)
    await desk.read(entry("a", 5))
    with pytest.raises(OutOfOrder):
        await desk.books.take_in(desk.due(sequence=3), written(desk.statement(sequence=3)))
    assert await desk.legs() == [(1010, 2900, 5)]


async def test_announcements_are_read_in_their_accounts_order(desk: Desk) -> None:
    first, second = desk.due(), desk.due(notice=2, sequence=2, day=desk.due().day)
    late = replace(first, notice=7)
    for _ in range(2):
        await desk.books.announce([second, late])
    assert await desk.books.heard_of(desk.bank) == 7
    unread = [one for one in await desk.books.unread() if one.bank == desk.bank]
    assert unread == [late, second]
    taken = await desk.take_in(desk.statement(entry("a", 5)), late)
    # Whoever dies here has not read it: it is found again.
    assert [one for one in await desk.books.unread() if one.bank == desk.bank] == unread
    await desk.books.finish(taken.file_id)
    assert [one for one in await desk.books.unread() if one.bank == desk.bank] == [second]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statement_line SET amount = 1",
        "DELETE FROM statement_match",
        "UPDATE statement_file SET closing = 1",
        "DELETE FROM statement_file",
        "DELETE FROM reconciliation_break",
        "UPDATE reconciliation_break SET ours = 1",
    ],
)
async def test_nobody_changes_what_a_bank_said(desk: Desk, change: str) -> None:
    await desk.read(entry("a", 5))
    async with desk.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text(change))


async def test_the_truths_hold_while_statements_are_read_and_after(desk: Desk) -> None:
    async with desk.engine.connect() as connection:
        before = await breaches(connection, TRUTHS)
    paid = await desk.did("payment", 700)
    taken = await desk.take_in(desk.statement(entry(paid, 700), entry("a", -3), entry("b", 9)))
    for _ in range(3):
        await desk.books.match(taken.file_id, 1)
        async with desk.engine.connect() as connection:
            assert await breaches(connection, TRUTHS) == before == []
