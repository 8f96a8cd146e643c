"""The port's `Statements` on PostgreSQL: each step is one transaction."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from reconciliation import intake, matching
from reconciliation.port import Due, Matched, Taken
from reconciliation.tables import StatementNotice as Row


class StatementBooks:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def heard_of(self, bank: str) -> int:
        """As the port says."""
        query = select(func.max(col(Row.number))).where(col(Row.bank) == bank)
        async with self._engine.connect() as connection:
            return int(await connection.scalar(query) or 0)

    async def announce(self, news: Sequence[Due]) -> None:
        """As the port says."""
        rows = [
            {("number" if name == "notice" else name): said for name, said in asdict(one).items()}
            for one in news
        ]
        async with self._engine.begin() as connection:
            await connection.execute(insert(Row).on_conflict_do_nothing(), rows)

    async def unread(self) -> list[Due]:
        """As the port says."""
        query = select(Row).where(col(Row.read_at).is_(None))
        ordered = query.order_by(col(Row.bank), col(Row.currency), col(Row.sequence))
        async with self._engine.connect() as connection:
            return [
                Due(row.bank, row.number, row.account, row.currency, row.sequence, row.day)
                for row in await connection.execute(ordered)
            ]

    async def take_in(self, due: Due, content: bytes) -> Taken:
        """As the port says."""
        async with self._engine.begin() as connection:
            return await intake.take_in(connection, due, content)

    async def match(self, file_id: str, most: int) -> Matched:
        """As the port says."""
        async with self._engine.begin() as connection:
            return await matching.match(connection, file_id, most)

    async def find_missing(self, file_id: str) -> Matched:
        """As the port says."""
        async with self._engine.begin() as connection:
            return await matching.find_missing(connection, file_id)

    async def finish(self, file_id: str) -> None:
        """As the port says."""
        async with self._engine.begin() as connection:
            await matching.finish(connection, file_id)
