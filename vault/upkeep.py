"""What operators do to keys, as the role that owns the schema: wrap anew, retire, destroy."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from vault.keys import unwrapped, wrapped_keys, wrapped_with
from vault.ring import Ring
from vault.tables import PurchaseKey

BATCH = 500


async def rewrap(owner: AsyncEngine, ring: Ring, *, batch: int = BATCH) -> int:
    """Wrap every key with the ring's first master key; how many were not.

    Commits batch by batch, so that it can be stopped and run again; purchases go on meanwhile.
    Raises MasterKeyMissing, NotAuthentic.
    """
    done = 0
    while True:
        async with owner.begin() as connection:
            some = await _rewrap_some(connection, ring, batch)
        done += some
        if some < batch:
            return done


async def _rewrap_some(connection: AsyncConnection, ring: Ring, batch: int) -> int:
    others = wrapped_keys(
        col(PurchaseKey.box).is_not(None), col(PurchaseKey.wrapped_by) != ring.first
    )
    rows = (await connection.execute(others.limit(batch).with_for_update())).all()
    for row in rows:
        wrapped = wrapped_with(ring, unwrapped(ring, row))
        await connection.execute(
            update(PurchaseKey)
            .where(col(PurchaseKey.id) == row.id)
            .values(box=wrapped.box, wrapped_by=wrapped.by)
        )
    return len(rows)


async def wrapped_by(owner: AsyncEngine) -> dict[str, int]:
    """How many keys each master key wraps, by its fingerprint."""
    query = (
        select(col(PurchaseKey.wrapped_by), func.count().label("keys"))
        .where(col(PurchaseKey.box).is_not(None))
        .group_by(col(PurchaseKey.wrapped_by))
    )
    async with owner.connect() as connection:
        return {row.wrapped_by: row.keys for row in await connection.execute(query)}


async def retire(connection: AsyncConnection, escrow_id: str) -> None:
    """From now on nothing new is encrypted with the purchase's keys."""
    await connection.execute(
        update(PurchaseKey)
        .where(col(PurchaseKey.escrow_id) == escrow_id, col(PurchaseKey.retired_at).is_(None))
        .values(retired_at=func.now())
    )


async def destroy(connection: AsyncConnection, escrow_id: str) -> int:
    """Destroy the retired keys of a purchase; how many there were."""
    gone = await connection.execute(
        update(PurchaseKey)
        .where(
            col(PurchaseKey.escrow_id) == escrow_id,
            col(PurchaseKey.retired_at).is_not(None),
            col(PurchaseKey.box).is_not(None),
        )
        .values(box=None)
        .returning(col(PurchaseKey.id))
    )
    return len(gone.all())
