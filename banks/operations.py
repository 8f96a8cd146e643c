"""Our memory of what banks were told (`bank_operation`): decides whether to ask before sending."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from banks.port import (
    Accepted,
    AlreadyPaid,
    Begun,
    Closed,
    Declined,
    Deducted,
    Frozen,
    Order,
    OrderChanged,
    Pending,
    Redirect,
    Refunded,
    Returned,
    Settled,
    Truth,
    Unfrozen,
    Unheard,
)
from banks.tables import BankOperation

Answer = Truth | Redirect | AlreadyPaid

#: Banks forget references after 24 h. The hour in between covers a call that is under way, a
#: bank that counts from its own clock, and our not knowing when the last try was.
SAFE_TO_REPEAT = timedelta(hours=23)


class Operations:
    """The port's `Operations` on PostgreSQL. Each call is one short transaction of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, order: Order) -> Begun:
        """Commit the intent before the first byte leaves. Raises OrderChanged.

        Of any number of callers at once exactly one hears NOW.
        """
        request_hash = fingerprint(order)
        async with self._engine.begin() as connection:
            claimed = await connection.execute(
                insert(BankOperation)
                .values(
                    reference=order.reference,
                    bank=order.bank,
                    operation=order.operation,
                    escrow_id=order.escrow_id,
                    merchant_id=order.merchant_id,
                    amount=order.amount,
                    currency=order.currency,
                    of=order.of,
                    request_hash=request_hash,
                )
                .on_conflict_do_nothing()
                .returning(col(BankOperation.reference))
            )
            if claimed.first():
                return Begun.NOW
            return await _begun_before(connection, order, request_hash)

    async def finish(self, order: Order, answer: Answer) -> None:
        """Commit what the bank answered; the first definitive answer stays."""
        state = _state(answer)
        if state is None:
            return
        async with self._engine.begin() as connection:
            await connection.execute(
                update(BankOperation)
                .where(
                    col(BankOperation.reference) == order.reference,
                    col(BankOperation.state).in_(("sending", "pending")),
                )
                .values(state=state, answer=_as_json(answer), updated_at=func.now())
            )

    async def escrow_of(self, reference: str) -> str | None:
        """The purchase that `reference` belongs to; None when we never used it."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(col(BankOperation.escrow_id)).where(
                    col(BankOperation.reference) == reference
                )
            )
            return found.scalar_one_or_none()


def fingerprint(order: Order) -> bytes:
    """SHA-256 of everything that an order says."""
    # Orders under way are older than these two: their hashes are those of orders without them.
    newer = {name for name in ("payer", "to") if getattr(order, name) is None}
    said = {name: value for name, value in asdict(order).items() if name not in newer}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


async def _begun_before(connection: AsyncConnection, order: Order, request_hash: bytes) -> Begun:
    age = func.now() - col(BankOperation.created_at)
    row = await connection.execute(
        select(col(BankOperation.request_hash), age > SAFE_TO_REPEAT).where(
            col(BankOperation.reference) == order.reference
        )
    )
    first_hash, long_ago = row.one()
    if first_hash != request_hash:
        raise OrderChanged(f"{order.reference} was ordered before with other particulars")
    return Begun.LONG_AGO if long_ago else Begun.BEFORE


def _state(answer: Answer) -> str | None:
    """The row's state after `answer`; None when it says nothing new."""
    match answer:
        case Deducted() | Frozen() | Unfrozen() | Refunded():
            return "yes"
        # It will pay; what becomes of that later stands in the payout.
        case Accepted() | Settled() | Returned():
            return "yes"
        case Declined() | Closed():
            return "no"
        # Paid, but how much is still to be found out.
        case Redirect() | Pending() | AlreadyPaid():
            return "pending"
        case Unheard():
            return None


def _as_json(answer: Answer) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(answer).items()
    }
