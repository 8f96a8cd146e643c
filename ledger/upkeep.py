"""Maintenance of the ledger, off the hot path: checkpoints, seals, and whether they hold."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger import tables
from ledger.statements import table

SEAL = table(tables.Seal)
#: Accounts per transaction: a checkpoint holds its rows for some milliseconds only.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal. Publish `hash` where nobody who can write the database can change it."""

    no: int
    hash: str


async def roll_up(engine: AsyncEngine) -> int:
    """Fold the tails of all busy accounts into their checkpoints; returns how many accounts."""
    folded = 0
    while True:
        async with engine.begin() as connection:
            batch = await connection.scalar(select(func.ledger_rollup(BATCH))) or 0
        folded += batch
        if batch < BATCH:
            return folded


async def seal(engine: AsyncEngine) -> Head:
    """Seal every transfer that has become final since the last seal; returns the chain's head."""
    newest = select(SEAL.c.no, SEAL.c.hash).order_by(SEAL.c.no.desc()).limit(1)
    async with engine.begin() as connection:
        await connection.execute(select(func.ledger_seal()))
        head = (await connection.execute(newest)).one()
    return Head(head.no, head.hash.hex())


async def broken_seals(connection: AsyncConnection, since: int = 1) -> list[int]:
    """The numbers of the seals, from `since` on, whose transfers are not what was sealed."""
    link = func.ledger_verify(since).table_valued("no", "intact")
    found = await connection.execute(select(link.c.no).where(~link.c.intact))
    return [row.no for row in found]
