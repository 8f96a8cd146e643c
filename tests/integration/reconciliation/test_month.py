"""A month of 20,000 purchases: every planted break is found, and nothing else is one."""

import random
from collections import Counter
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.accounts import Code
from ledger.truths import breaches, trial_balance
from reconciliation.truths import TRUTHS
from tests.integration.reconciliation.desk import Desk
from tests.integration.reconciliation.month import Month

PURCHASES, DAYS = 20_000, 30
#: Nothing goes wrong in these any more, and what went wrong before becomes what it is.
QUIET = 3
SEED = 20_261_123


async def test_every_planted_break_is_found_and_nothing_else_is_one(engine: AsyncEngine) -> None:
    desk = Desk(engine, currency="NOK")
    merchants = [f"mer_{uuid4().hex}" for _ in range(20)]
    month = Month(desk, merchants, random.Random(SEED))  # noqa: S311 (a story, not a secret)
    for number in range(DAYS + QUIET):
        few = number >= DAYS
        await month.day(number, 5 if few else PURCHASES // DAYS, faults=not few)
    open_now = Counter((kind, reference) for kind, reference, *_ in await desk.breaks())
    closed = Counter((kind, reference) for kind, reference, *_ in await desk.breaks(closed=True))
    assert len(month.planted) > 300
    assert {kind for kind, _ in month.planted} == {
        "missing_ours", "missing_theirs", "amount", "duplicate", "fee", "return",
    }  # fmt: skip
    assert open_now == month.planted
    assert closed == month.passed
    assert await desk.standing(Code.BANK_CASH) == desk.balance
    assert await desk.standing(Code.BANK_CLEARING) == month.unseen
    async with engine.connect() as connection:
        assert (await trial_balance(connection))[desk.currency] == 0
        assert [one for one in await breaches(connection, TRUTHS) if desk.bank in one.subject] == []
    for merchant in merchants:
        assert month.paid[merchant] == month.earned[merchant] - await payable(desk, merchant)
        assert await payable(desk, merchant) == month.owed[merchant]


async def payable(desk: Desk, merchant: str) -> int:
    query = text(
        "SELECT coalesce(sum(credits - debits), 0) FROM account_balance"
        " WHERE code = 2200 AND owner = :merchant"
    )
    async with desk.engine.connect() as connection:
        return int(await connection.scalar(query, {"merchant": merchant}) or 0)
