"""What a merchant is owed and has not been paid: legs of its payable account in no payout."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account, Code
from domain.clearing import OpenItem
from ledger.keys import account_id

#: What `clear` posts itself to open a payout: it is the payment, not something to be paid.
PAYS = "payout_opened"

_OPEN = text("""
    SELECT leg.journal_id, leg.leg, leg.amount, leg.event_at, leg.subject, leg.name, leg.xid,
           coalesce(escrow.bank, payout.bank, '') AS bank
    FROM (
        SELECT journal_id, leg, amount, event_at, subject, name, xid FROM transfer
        WHERE credit_account = :payable AND xid >= cast(cast(:since AS text) AS xid8)
        UNION ALL
        SELECT journal_id, leg, -amount, event_at, subject, name, xid FROM transfer
        WHERE debit_account = :payable AND xid >= cast(cast(:since AS text) AS xid8)
    ) AS leg
    LEFT JOIN escrow ON escrow.id = leg.subject
    LEFT JOIN payout ON payout.id = leg.subject
    WHERE leg.name <> :pays AND NOT EXISTS (
        SELECT FROM payout_line AS line
        WHERE line.journal_id = leg.journal_id AND line.leg = leg.leg
    )
    ORDER BY leg.event_at, leg.journal_id, leg.leg
""")

_SINCE = text("SELECT upto::text FROM paid_up_to WHERE merchant_id = :merchant AND currency = :in_")

# Everything below the horizon has committed or never will: nothing appears there any more.
_PAID_UP_TO = text("""
    INSERT INTO paid_up_to (merchant_id, currency, upto)
    SELECT :merchant, :in_, least(pg_snapshot_xmin(pg_current_snapshot()), min(xid))
    FROM (
        SELECT xid FROM transfer AS leg
        WHERE (credit_account = :payable OR debit_account = :payable)
          AND xid >= cast(cast(:since AS text) AS xid8) AND name <> :pays AND NOT EXISTS (
            SELECT FROM payout_line AS line
            WHERE line.journal_id = leg.journal_id AND line.leg = leg.leg
        )
    ) AS left_open
    ON CONFLICT (merchant_id, currency) DO UPDATE SET upto = excluded.upto
    WHERE paid_up_to.upto < excluded.upto
""")

_RESERVED = text("""
    SELECT leg.journal_id, leg.leg, leg.amount, leg.event_at
    FROM transfer AS leg
    WHERE leg.credit_account = :reserve AND leg.event_at < :before AND NOT EXISTS (
        SELECT FROM transfer AS freed
        WHERE freed.debit_account = :reserve
          AND freed.subject = 'reserve:' || leg.journal_id AND freed.sequence = leg.leg
    )
    ORDER BY leg.event_at, leg.journal_id, leg.leg
""")


@dataclass(frozen=True, slots=True)
class Reserved:
    """A leg that kept a part of a release back."""

    journal: UUID
    leg: int
    amount: int


async def open_items(
    connection: AsyncConnection, merchant_id: str, currency: str
) -> list[OpenItem]:
    """Oldest first."""
    rows = await connection.execute(_OPEN, await _where(connection, merchant_id, currency))
    return [
        OpenItem(
            row.journal_id.hex,
            row.leg,
            row.amount,
            row.event_at,
            row.bank,
            row.subject,
            row.name,
        )
        for row in rows
    ]


async def move_horizon(connection: AsyncConnection, merchant_id: str, currency: str) -> None:
    """Remember where the oldest open item is."""
    where = await _where(connection, merchant_id, currency)
    await connection.execute(_PAID_UP_TO, where | {"merchant": merchant_id, "in_": currency})


async def reserved(
    connection: AsyncConnection, merchant_id: str, currency: str, before: datetime
) -> list[Reserved]:
    """What was kept back before that moment and never freed, oldest first."""
    reserve = account_id(Account(Code.MERCHANT_RESERVE, merchant_id), currency)
    rows = await connection.execute(_RESERVED, {"reserve": reserve, "before": before})
    return [Reserved(row.journal_id, row.leg, row.amount) for row in rows]


def kept_until(day_end: datetime, days: int) -> datetime:
    """What was reserved before this moment comes free on the clearing day that ends then."""
    return day_end - timedelta(days=days)


async def _where(connection: AsyncConnection, merchant_id: str, currency: str) -> dict[str, object]:
    since = await connection.scalar(_SINCE, {"merchant": merchant_id, "in_": currency})
    payable = account_id(Account(Code.MERCHANT_PAYABLE, merchant_id), currency)
    return {"payable": payable, "since": since or "0", "pays": PAYS}
