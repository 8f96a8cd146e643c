"""Which payouts a bank is told of together: fixed once, before it hears of any of them."""

import uuid
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from clearing.opening import found
from clearing.port import Page, Payout, PayoutBatch, PayoutState
from clearing.tables import BatchedPayout
from clearing.tables import Payout as PayoutRow
from clearing.tables import PayoutBatch as BatchRow

#: One alone is remitted by itself.
LEAST = 2

_BATCHES = UUID("5f4a7d0b-8c0f-4a0c-9a5e-1f6a2f1f5b51")


def batch_id(page: Page) -> str:
    """The same for the same page at every try; 33 characters, as a pain.001's id has at most 35."""
    run = page.run
    where = (run.bank, run.currency, run.day.isoformat(), page.shards, page.shard, page.after)
    return f"B{uuid.uuid5(_BATCHES, ':'.join(map(str, where))).hex}"


async def batches(
    connection: AsyncConnection, page: Page, payouts: Sequence[Payout]
) -> tuple[PayoutBatch, ...]:
    """The batches that the page's payouts are in, whole; a new one of those that are in none.

    A payout that has begun to move by itself is never put into one.
    """
    ids = [payout.id for payout in payouts]
    await _compose(connection, page, ids)
    row, order = BatchRow, BatchedPayout
    mine = select(col(order.batch_id)).where(col(order.payout_id).in_(ids))
    rows = await connection.execute(
        select(row.__table__).where(col(row.id).in_(mine)).order_by(col(row.id))  # type: ignore[attr-defined]
    )
    return tuple(
        [
            PayoutBatch(
                one.id,
                one.bank,
                one.currency,
                one.day,
                one.created_at,
                await _orders(connection, one.id),
            )
            for one in rows.all()
        ]
    )


async def _compose(connection: AsyncConnection, page: Page, ids: Iterable[str]) -> None:
    order, run = BatchedPayout, page.run
    free = (
        select(col(PayoutRow.id))
        .where(
            col(PayoutRow.id).in_(ids),
            col(PayoutRow.state) == PayoutState.OPENED,
            ~select(order).where(col(order.payout_id) == col(PayoutRow.id)).exists(),
        )
        .order_by(col(PayoutRow.id))
    )
    waiting = (await connection.scalars(free)).all()
    if len(waiting) < LEAST:
        return
    new = insert_or(BatchRow).values(
        id=batch_id(page), bank=run.bank, currency=run.currency, day=run.day, created_at=func.now()
    )
    made = await connection.scalar(new.on_conflict_do_nothing().returning(col(BatchRow.id)))
    if made is None:
        # Its orders are fixed: what was opened since is remitted by itself.
        return
    members = select(col(PayoutRow.id), literal(made)).where(col(PayoutRow.id).in_(waiting))
    await connection.execute(insert(order).from_select(["payout_id", "batch_id"], members))


async def _orders(connection: AsyncConnection, batch: str) -> tuple[Payout, ...]:
    mine = select(col(BatchedPayout.payout_id)).where(col(BatchedPayout.batch_id) == batch)
    return await found(connection, col(PayoutRow.id).in_(mine))
