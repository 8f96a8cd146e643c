"""What a merchant reads about its money: balances, payouts, what each of them pays, a day's legs.

Amounts are minor units. Nothing here asks Temporal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from clearing.contracts import calendar
from clearing.debts import debts
from domain.accounts import Account, Code
from ledger.keys import account_id


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands to a merchant in a currency: `payable` is paid out when it is due, `reserve` is
    kept back, `owed` is its debt to us, `in_transit` is on its way to its bank. `owed_since`: when
    the oldest part of the debt that is still open arose, None without a debt.
    """

    currency: str
    payable: int
    reserve: int
    owed: int
    in_transit: int
    owed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PayoutSeen:
    """One payout as its merchant sees it; `account` is the number's last four."""

    id: str
    bank: str
    currency: str
    day: date
    amount: int
    state: str
    reason: str
    account: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A leg of the ledger: signed `amount`, of the purchase or payout `subject`, for what `name`
    says. `place` orders lines of a list, oldest first.
    """

    journal: UUID
    leg: int
    amount: int
    subject: str
    name: str
    at: datetime

    @property
    def place(self) -> str:
        return f"{self.journal.hex}-{self.leg}"


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of a merchant's payable account: `opening` plus all its legs is `closing`."""

    day: date
    currency: str
    opening: int
    closing: int


_BALANCES = text("""
    SELECT currency,
        coalesce(sum(credits - debits) FILTER (WHERE code = 2200), 0) AS payable,
        coalesce(sum(credits - debits) FILTER (WHERE code = 2210), 0) AS reserve,
        coalesce(sum(debits - credits) FILTER (WHERE code = 1300), 0) AS owed,
        (SELECT coalesce(sum(amount), 0) FROM payout
         WHERE merchant_id = :merchant AND payout.currency = balance.currency
           AND state IN ('opened', 'sent')) AS in_transit
    FROM account_balance AS balance
    WHERE owner = :merchant AND code IN (2200, 2210, 1300)
    GROUP BY currency ORDER BY currency
""")

# Ids say nothing of time, so a list goes on after (moment, id).
_PAYOUTS = """
    SELECT payout.id, bank, payout.currency, day, amount, payout.state, payout.reason,
           right(number, 4) AS account, payout.created_at, payout.updated_at
    FROM payout JOIN payout_account ON payout_account.id = account_id
    WHERE payout.merchant_id = :merchant
"""
_PAYOUT = text(f"{_PAYOUTS} AND payout.id = :id")
_PAGE = text(f"""{_PAYOUTS}
      AND (cast(:state AS text) IS NULL OR payout.state = :state)
      AND (cast(:before AS text) IS NULL OR (payout.created_at, payout.id) < (
          SELECT last.created_at, last.id FROM payout AS last
          WHERE last.id = :before AND last.merchant_id = :merchant))
    ORDER BY payout.created_at DESC, payout.id DESC LIMIT :most
""")  # noqa: S608

_LINES = text("""
    SELECT line.journal_id AS journal, line.leg, line.amount, leg.subject, leg.name,
           leg.event_at AS at
    FROM payout_line AS line JOIN transfer AS leg USING (journal_id, leg)
    WHERE line.payout_id = :payout AND (line.journal_id, line.leg) > (:journal, :leg)
    ORDER BY line.journal_id, line.leg LIMIT :most
""")

_DAY = text("""
    SELECT coalesce(sum(amount) FILTER (WHERE event_at < :start), 0) AS opening,
           coalesce(sum(amount), 0) AS closing
    FROM (
        SELECT amount, event_at FROM transfer
        WHERE credit_account = :payable AND event_at < :finish
        UNION ALL
        SELECT -amount, event_at FROM transfer WHERE debit_account = :payable AND event_at < :finish
    ) AS leg
""")
_DAYS_LINES = text("""
    SELECT journal_id AS journal, leg, amount, subject, name, event_at AS at
    FROM (
        SELECT journal_id, leg, amount, subject, name, event_at FROM transfer
        WHERE credit_account = :payable
        UNION ALL
        SELECT journal_id, leg, -amount, subject, name, event_at FROM transfer
        WHERE debit_account = :payable
    ) AS line
    WHERE event_at >= :start AND event_at < :finish AND (journal_id, leg) > (:journal, :leg)
    ORDER BY journal_id, leg LIMIT :most
""")
_FIRST = (UUID(int=0), 0)
_LAST = datetime.max.replace(tzinfo=UTC)


async def balances(connection: AsyncConnection, merchant_id: str) -> list[Balance]:
    """One for each currency in which the merchant ever had anything."""
    rows = list(await connection.execute(_BALANCES, {"merchant": merchant_id}))
    # Each currency's oldest comes first, and `setdefault` keeps it.
    since: dict[str, datetime] = {}
    if any(row.owed for row in rows):
        for debt in await debts(connection, merchant_id):
            since.setdefault(debt.currency, debt.since)
    return [
        Balance(
            row.currency,
            int(row.payable),
            int(row.reserve),
            int(row.owed),
            int(row.in_transit),
            since.get(row.currency),
        )
        for row in rows
    ]


async def payout(connection: AsyncConnection, merchant_id: str, payout: str) -> PayoutSeen | None:
    said = {"merchant": merchant_id, "id": payout}
    found = (await connection.execute(_PAYOUT, said)).one_or_none()
    return PayoutSeen(*found) if found else None


async def payouts(
    connection: AsyncConnection, merchant_id: str, state: str | None, before: str | None, most: int
) -> list[PayoutSeen]:
    """Newest first, after the payout `before`."""
    said = {"merchant": merchant_id, "state": state, "before": before, "most": most}
    return [PayoutSeen(*row) for row in await connection.execute(_PAGE, said)]


async def lines(
    connection: AsyncConnection, payout: str, after: str | None, most: int
) -> list[Line]:
    """What a payout pays, in an order that stays."""
    return await _lines(connection, _LINES, {"payout": payout}, after, most)


async def day(connection: AsyncConnection, merchant_id: str, currency: str, of: date) -> Day:
    """What stood to the merchant before and after that day."""
    row = (await connection.execute(_DAY, _span(merchant_id, currency, of))).one()
    return Day(of, currency, int(row.opening), int(row.closing))


async def days_lines(
    connection: AsyncConnection,
    merchant_id: str,
    currency: str,
    of: date,
    after: str | None,
    most: int,
) -> list[Line]:
    """Every leg of that day."""
    return await _lines(connection, _DAYS_LINES, _span(merchant_id, currency, of), after, most)


async def next_clearing(connection: AsyncConnection, bank: str, currency: str) -> datetime:
    """When the clearing day under way is over."""
    now = (await connection.execute(text("SELECT now()"))).scalar_one()
    days = await calendar(connection, bank, currency)
    return days.end(days.day_of(now))


async def _lines(
    connection: AsyncConnection,
    query: TextClause,
    said: dict[str, Any],
    after: str | None,
    most: int,
) -> list[Line]:
    journal, leg = _place(after)
    rows: Sequence[Any] = (
        await connection.execute(query, said | {"journal": journal, "leg": leg, "most": most})
    ).all()
    return [Line(row.journal, row.leg, row.amount, row.subject, row.name, row.at) for row in rows]


def _place(after: str | None) -> tuple[UUID, int]:
    if after is None:
        return _FIRST
    journal, _, leg = after.partition("-")
    return UUID(journal), int(leg)


def _span(merchant_id: str, currency: str, of: date) -> dict[str, Any]:
    start = datetime.fromisoformat(f"{of.isoformat()}T00:00:00+00:00")
    payable = account_id(Account(Code.MERCHANT_PAYABLE, merchant_id), currency)
    finish = _LAST if of == date.max else start + timedelta(days=1)
    return {"payable": payable, "start": start, "finish": finish}
