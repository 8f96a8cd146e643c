"""Disputes as operators see them: those that are under way, by deadline, and each one whole."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api import purchases
from api.dispute_ids import parse
from api.errors import NotFound
from api.purchases import Purchase
from domain.escrow import Escrow
from domain.events import DisputeOpened
from domain.states import Dispute
from ledger.reading import Reading
from ledger.tables import Escrow as EscrowRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a dispute came to its end: the step's name, and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """One dispute with its purchase as it is now. `ending` is None while it is under way."""

    purchase: Purchase
    escrow: Escrow
    number: int
    opened: DisputeOpened
    opened_at: datetime
    ending: Ending | None


async def inbox(
    engine: AsyncEngine, state: str | None, after: str | None, limit: int
) -> list[Purchase]:
    """Disputed purchases, the nearest deadline first; `after` is a `place`."""
    row = (col(EscrowRow.dispute_deadline), col(EscrowRow.id))
    query = select(col(EscrowRow.id)).where(col(EscrowRow.dispute) != Dispute.NONE)
    if state is not None:
        query = query.where(col(EscrowRow.dispute) == state)
    if after is not None:
        since, escrow_id = after.split("-")
        query = query.where(tuple_(*row) > (EPOCH + int(since) * MICROSECOND, escrow_id))
    async with engine.connect() as connection:
        ids = (await connection.execute(query.order_by(*row).limit(limit))).scalars().all()
    found = await purchases.these(engine, ids)
    return [found[escrow_id] for escrow_id in ids]


def place(purchase: Purchase) -> str:
    """Where a disputed purchase stands in the inbox."""
    deadline = purchase.escrow.dispute_deadline or EPOCH
    return f"{(deadline - EPOCH) // MICROSECOND}-{purchase.id}"


async def whole(engine: AsyncEngine, dispute_id: str) -> Whole:
    """Raises NotFound."""
    named = parse(dispute_id)
    purchase = await purchases.find(engine, named[0]) if named else None
    if named is None or purchase is None:
        raise NotFound
    escrow, opened, opened_at, ending = Escrow.opened(purchase.escrow.terms), None, EPOCH, None
    for step in (await Reading(engine).timeline(purchase.id))[1:]:
        moved = escrow.after(step.happened.event(), step.happened.at)
        if moved.escrow.disputes == named[1]:
            if isinstance(moved.event, DisputeOpened):
                opened, opened_at = moved.event, moved.at
            if Dispute.NONE is moved.escrow.dispute is not escrow.dispute:
                ending = Ending(moved.event.name, moved.at)
        escrow = moved.escrow
    if opened is None:
        raise NotFound
    return Whole(purchase, escrow, named[1], opened, opened_at, ending)
