"""Maintenance of the ledger, off the hot path: checkpoints, seals, and whether they hold."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger import tables
from ledger.port import Head
from ledger.statements import table

SEAL = table(tables.Seal)
#: Accounts per transaction: a checkpoint holds its rows for some milliseconds only.
BATCH = 500


class Upkeep:
    """The port's `Upkeep` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def roll_up(self) -> int:
        """As the port says."""
        folded = 0
        while True:
            async with self._engine.begin() as connection:
                batch = await connection.scalar(select(func.ledger_rollup(BATCH))) or 0
            folded += batch
            if batch < BATCH:
                return folded

    async def seal(self) -> Head:
        """As the port says."""
        async with self._engine.begin() as connection:
            await connection.execute(select(func.ledger_seal()))
            return await newest_seal(connection)

    async def broken(self, since: int, known: Head | None = None) -> list[int]:
        """As the port says."""
        async with self._engine.connect() as connection:
            return await broken_seals(connection, since, known)


async def newest_seal(connection: AsyncConnection) -> Head:
    """The chain's head; number 0, that of no transfer, before the first round of upkeep."""
    query = select(SEAL.c.no, SEAL.c.hash).order_by(SEAL.c.no.desc()).limit(1)
    row = (await connection.execute(query)).one()
    return Head(row.no, row.hash.hex())


async def broken_seals(
    connection: AsyncConnection, since: int = 1, known: Head | None = None
) -> list[int]:
    """As the port says, of what the connection's transaction sees."""
    link = func.ledger_verify(since).table_valued("no", "intact")
    found = await connection.execute(select(link.c.no).where(~link.c.intact))
    broken = {row.no for row in found}
    if known is not None:
        present = await connection.scalar(select(SEAL.c.hash).where(SEAL.c.no == known.no))
        if present is None or present.hex() != known.hash:
            broken.add(known.no)
    return sorted(broken)
