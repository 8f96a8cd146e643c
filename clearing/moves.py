"""A payout's steps: row, journal and public event in one transaction."""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from clearing.contracts import freeze
from clearing.port import NEXT, IllegalMove, Moved, PayoutState
from clearing.tables import Payout as Row
from domain import postings
from domain.accounts import Accounts
from domain.clearing import PAYOUT_FAILED, PAYOUT_RETURNED
from ledger.book import post
from ledger.keys import event_id
from ledger.port import Posting
from ledger.statements import EVENT

#: The journal of a payout whose money is the merchant's again: 1 opened it.
BACK_JOURNAL = 2
#: Where that happens, and what the journal is called. Neither has left our cash account: only a
#: bank's statement moves that.
BACK = {PayoutState.FAILED: PAYOUT_FAILED, PayoutState.RETURNED: PAYOUT_RETURNED}
#: Reasons that say nothing about the merchant's account: it is paid the next clearing day.
OUR_FAULT = frozenset({"insufficient_custody"})


async def move(
    connection: AsyncConnection, payout_id: str, to: PayoutState, reason: str = ""
) -> Moved:
    """Take the step, uncommitted; a step that was taken is no news. Raises IllegalMove."""
    row = (
        await connection.execute(select(Row).where(col(Row.id) == payout_id).with_for_update())
    ).one_or_none()
    if row is None:
        raise IllegalMove(f"there is no payout {payout_id}")
    if row.state == to:
        return Moved(row.version, news=False)
    if to not in NEXT[PayoutState(row.state)]:
        raise IllegalMove(f"{payout_id} is {row.state} and can't become {to}")
    version = row.version + 1
    moved = update(Row).where(col(Row.id) == payout_id).returning(col(Row.updated_at))
    at = (
        await connection.execute(
            moved.values(state=to, reason=reason, version=version, updated_at=func.now())
        )
    ).scalar_one()
    if to in BACK:
        legs = postings.payout_rejected(Accounts("", row.merchant_id, row.bank), row.amount)
        await post(connection, Posting(row.id, BACK_JOURNAL, BACK[to], at, row.currency, legs))
        if reason not in OUR_FAULT:
            await freeze(connection, row.account_id, reason)
    await _tell(connection, row, to, reason, version, at)
    return Moved(version, news=True)


async def _tell(
    connection: AsyncConnection, row: Any, to: PayoutState, reason: str, version: int, at: Any
) -> None:
    """The public event of a payout's step, numbered without gaps like a purchase's."""
    event = event_id(row.id, version)
    kind = f"payout.{to}"
    said = {
        "id": row.id,
        "status": to.value,
        "amount": row.amount,
        "currency": row.currency,
        "bank": row.bank,
        "day": row.day.isoformat(),
        "reason": reason,
    }
    moment = at.isoformat().replace("+00:00", "Z")
    body = {
        "type": kind,
        "timestamp": moment,
        "data": {"id": event, "sequence": version, "payout": said, "detail": {}},
    }
    await connection.execute(
        insert(EVENT).values(
            id=event,
            escrow_id=row.id,
            merchant_id=row.merchant_id,
            sequence=version,
            type=kind,
            body=body,
            at=at,
        )
    )
