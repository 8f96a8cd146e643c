"""What operators read about clearing: days, and payouts that do not go on by themselves."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A clearing day as operators see it: how many payouts, over how much, and how they stand."""

    bank: str
    currency: str
    day: date
    started_at: datetime
    finished_at: datetime | None
    payouts: int
    amount: int
    under_way: int
    settled: int
    came_back: int


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A payout that a person should look at: refused or sent back while its account is frozen, or
    under way for too long.
    """

    id: str
    merchant_id: str
    currency: str
    day: date
    amount: int
    state: str
    reason: str
    updated_at: datetime


_RUNS = text("""
    SELECT run.bank, run.currency, run.day, run.started_at, run.finished_at,
           count(payout.id), coalesce(sum(amount), 0),
           count(payout.id) FILTER (WHERE state IN ('opened', 'sent')),
           count(payout.id) FILTER (WHERE state = 'settled'),
           count(payout.id) FILTER (WHERE state IN ('failed', 'returned'))
    FROM clearing_run AS run LEFT JOIN payout USING (bank, currency, day)
    GROUP BY run.bank, run.currency, run.day
    ORDER BY run.day DESC, run.bank, run.currency LIMIT :most
""")
_UNPAID = text("""
    SELECT payout.id, payout.merchant_id, payout.currency, day, amount, payout.state,
           payout.reason, updated_at
    FROM payout JOIN payout_account ON payout_account.id = account_id
    WHERE payout.state IN ('failed', 'returned') AND payout_account.state = 'frozen'
       OR payout.state IN ('opened', 'sent') AND updated_at < now() - cast(:late AS interval)
    ORDER BY updated_at LIMIT :most
""")
#: A bank pays within a day or two; what takes longer needs a person.
LATE = timedelta(days=3)


async def runs(connection: AsyncConnection, most: int) -> list[RunSeen]:
    """The newest clearing days."""
    return [RunSeen(*row) for row in await connection.execute(_RUNS, {"most": most})]


async def unpaid(connection: AsyncConnection, most: int) -> list[Unpaid]:
    """What does not go on by itself, the oldest first."""
    rows = await connection.execute(_UNPAID, {"most": most, "late": LATE})
    return [Unpaid(*row) for row in rows]
