"""Money held (2100) and disputed (2110) over time: how much it was each day, and how old it is."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

#: How far back a plot looks, today included.
DAYS = 30

_NOW = text("""
    SELECT currency, sum(credits - debits) AS amount, (now() AT TIME ZONE 'UTC')::date AS today
    FROM account_balance WHERE code IN (2100, 2110) GROUP BY currency ORDER BY currency
""")

_MOVED = text("""
    SELECT leg.currency, (leg.event_at AT TIME ZONE 'UTC')::date AS day, sum(
        CASE WHEN given.code IN (2100, 2110) THEN leg.amount ELSE 0 END
        - CASE WHEN taken.code IN (2100, 2110) THEN leg.amount ELSE 0 END) AS amount
    FROM transfer AS leg
    JOIN account AS taken ON taken.id = leg.debit_account
    JOIN account AS given ON given.id = leg.credit_account
    WHERE leg.event_at >= now() - make_interval(days => :days)
      AND (taken.code IN (2100, 2110)) <> (given.code IN (2100, 2110))
    GROUP BY 1, 2
""")

_AGES = text("""
    SELECT currency, count(*) AS purchases,
        coalesce(sum(amount) FILTER (WHERE age < interval '1 day'), 0) AS day,
        coalesce(sum(amount) FILTER (
            WHERE age >= interval '1 day' AND age < interval '7 days'), 0) AS week,
        coalesce(sum(amount) FILTER (
            WHERE age >= interval '7 days' AND age < interval '30 days'), 0) AS month,
        coalesce(sum(amount) FILTER (WHERE age >= interval '30 days'), 0) AS older
    FROM (
        SELECT currency, held + disputed AS amount, now() - created_at AS age
        FROM escrow WHERE held + disputed > 0
    ) AS held GROUP BY currency ORDER BY currency
""")


class AtEnd(NamedTuple):
    """Minor units that were held at the end of a day (UTC); of today, until now."""

    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class HeldFor:
    """Minor units held for purchases that began within a day, a week, a month, or longer ago."""

    purchases: int
    day: int
    week: int
    month: int
    older: int


async def daily(connection: AsyncConnection, days: int = DAYS) -> dict[str, list[AtEnd]]:
    """The last `days` days by currency, the oldest first. Reads their transfers."""
    moved = {
        (row.currency, row.day): int(row.amount)
        for row in await connection.execute(_MOVED, {"days": days})
    }
    return {
        row.currency: _backwards(row.currency, int(row.amount), row.today, days, moved)
        for row in await connection.execute(_NOW)
    }


async def ages(connection: AsyncConnection) -> dict[str, HeldFor]:
    """By currency; one in which nothing is held is left out."""
    return {
        row.currency: HeldFor(
            row.purchases, int(row.day), int(row.week), int(row.month), int(row.older)
        )
        for row in await connection.execute(_AGES)
    }


def _backwards(
    currency: str, amount: int, today: date, days: int, moved: dict[tuple[str, date], int]
) -> list[AtEnd]:
    seen = []
    for ago in range(days):
        day = today - timedelta(days=ago)
        seen.append(AtEnd(day, amount))
        amount -= moved.get((currency, day), 0)
    return seen[::-1]
