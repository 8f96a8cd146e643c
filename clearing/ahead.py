"""The payout calendar: what falls due to merchants on which of the coming clearing days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from clearing.contracts import calendar
from clearing.items import PAYS
from domain.clearing import WAITED_BEFORE, ClearingCalendar, PayoutTerms

#: Calendar days that are shown, the one under way included.
DAYS = 14

# Unpaid legs of all merchants, summed by what decides when they fall due. `now`: what is due at
# once, whatever the hour (domain.clearing.due_on).
_OPEN = text("""
    SELECT coalesce(escrow.bank, payout.bank) AS bank, leg.currency,
           coalesce(contract.days, :days) AS days, leg.now,
           date_trunc('minute', leg.event_at) AS at, sum(leg.amount) AS amount
    FROM (
        SELECT journal_id, leg, transfer.currency, subject, event_at, xid, owner, amount,
               name = ANY(:waited) AS now
        FROM transfer JOIN account ON account.id = credit_account AND code = 2200
        WHERE name <> :pays
        UNION ALL
        SELECT journal_id, leg, transfer.currency, subject, event_at, xid, owner, -amount, true
        FROM transfer JOIN account ON account.id = debit_account AND code = 2200
        WHERE name <> :pays
    ) AS leg
    LEFT JOIN escrow ON escrow.id = leg.subject
    LEFT JOIN payout ON payout.id = leg.subject
    LEFT JOIN payout_contract AS contract
           ON contract.merchant_id = leg.owner AND contract.currency = leg.currency
    LEFT JOIN paid_up_to AS paid ON paid.merchant_id = leg.owner AND paid.currency = leg.currency
    WHERE coalesce(escrow.bank, payout.bank, '') <> '' AND leg.xid >= coalesce(paid.upto, '0')
      AND NOT EXISTS (
        SELECT FROM payout_line AS line
        WHERE line.journal_id = leg.journal_id AND line.leg = leg.leg
    )
    GROUP BY 1, 2, 3, 4, 5
""")

_NOW = text("SELECT now()")


@dataclass(frozen=True, slots=True)
class DayAhead:
    """`ends_at` is None on a day without clearing. `amount` is what falls due, less what merchants
    give back: minor units, below 0 when that is more.
    """

    day: date
    ends_at: datetime | None
    amount: int


@dataclass(frozen=True, slots=True)
class Ahead:
    bank: str
    currency: str
    days: list[DayAhead]
    #: What falls due after the last of them.
    later: int

    @property
    def points(self) -> list[tuple[date, int]]:
        return [(day.day, day.amount) for day in self.days]

    @property
    def ends_at(self) -> datetime | None:
        """When the day under way ends."""
        return self.days[0].ends_at

    @property
    def closed(self) -> list[date]:
        """Days without clearing among them."""
        return [day.day for day in self.days if day.ends_at is None]


async def ahead(connection: AsyncConnection) -> list[Ahead]:
    """The coming days of every bank and currency in which something is open.

    Due is not paid: what a merchant owes, its minimum, and where it has said to be paid decide that
    when the day is cleared.
    """
    now = (await connection.execute(_NOW)).scalar_one()
    said = {"days": PayoutTerms().days, "waited": sorted(WAITED_BEFORE), "pays": PAYS}
    found = defaultdict(list)
    for row in await connection.execute(_OPEN, said):
        found[row.bank, row.currency].append(row)
    seen = []
    for (bank, currency), rows in sorted(found.items()):
        days = await calendar(connection, bank, currency)
        due: defaultdict[date, int] = defaultdict(int)
        first = days.day_of(now)
        for row in rows:
            on = first if row.now else days.later(days.day_of(row.at), row.days)
            due[max(on, first)] += int(row.amount)
        seen.append(_shown(bank, currency, days, first, due))
    return seen


def _shown(
    bank: str, currency: str, days: ClearingCalendar, first: date, due: dict[date, int]
) -> Ahead:
    coming = [first + timedelta(days=number) for number in range(DAYS)]
    shown = [
        DayAhead(day, days.end(day) if days.is_open(day) else None, due.get(day, 0))
        for day in coming
    ]
    later = sum(amount for day, amount in due.items() if day > coming[-1])
    return Ahead(bank, currency, shown, later)
