"""What merchants owe us (1300), and for how long: what is recovered pays the oldest debt first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

#: A debt's age in days, up to each of these, and older: what `Ages` counts.
WEEK, MONTH, QUARTER = 7, 30, 90

_DEBTS = text("""
    WITH leg AS (
        SELECT owing.owner, owing.currency, leg.amount, leg.event_at, owing.credits AS recovered,
            sum(leg.amount) OVER (
                PARTITION BY owing.id ORDER BY leg.event_at, leg.journal_id, leg.leg) AS so_far
        FROM account AS owing JOIN transfer AS leg ON leg.debit_account = owing.id
        WHERE owing.code = 1300 AND owing.debits > owing.credits
            AND (cast(:merchant AS text) IS NULL OR owing.owner = :merchant)
    )
    SELECT owner, currency, least(amount, so_far - recovered) AS owed, event_at AS since,
        extract(day FROM now() - event_at) AS days
    FROM leg WHERE so_far > recovered ORDER BY currency, owner, so_far
""")


@dataclass(frozen=True, slots=True)
class Debt:
    """A part of what a merchant owes: `owed` minor units `since` a moment, `days` ago."""

    merchant_id: str
    currency: str
    owed: int
    since: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Ages:
    """Minor units that are owed for up to a week, a month, a quarter, and for longer."""

    week: int = 0
    month: int = 0
    quarter: int = 0
    older: int = 0

    @property
    def owed(self) -> int:
        return self.week + self.month + self.quarter + self.older


async def debts(connection: AsyncConnection, merchant_id: str | None = None) -> list[Debt]:
    """By currency and merchant, each merchant's oldest first; of one merchant, or of all."""
    return [
        Debt(row.owner, row.currency, int(row.owed), row.since, int(row.days))
        for row in await connection.execute(_DEBTS, {"merchant": merchant_id})
    ]


def ages(found: list[Debt]) -> dict[str, Ages]:
    """By currency."""

    def owed(currency: str, over: int, upto: float) -> int:
        return sum(
            debt.owed for debt in found if debt.currency == currency and over < debt.days <= upto
        )

    return {
        currency: Ages(
            owed(currency, -WEEK * 10_000, WEEK),
            owed(currency, WEEK, MONTH),
            owed(currency, MONTH, QUARTER),
            owed(currency, QUARTER, float("inf")),
        )
        for currency in sorted({debt.currency for debt in found})
    }
