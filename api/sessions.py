"""Who is signed in: a cookie whose digest is stored. Each room has a table of its own."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, Table, delete, func, insert, literal, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

#: A browser that nobody sits at is signed out after one, and everybody after the other.
IDLE, LONGEST = timedelta(hours=1), timedelta(hours=12)
#: A session is prolonged at most this often: not every look at a page writes a row.
NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Those of one room.

    `table` has `hash`, `created_at`, `seen_at`, `ends_at`, and a column that says whose each is.
    """

    table: Table
    idle: timedelta = IDLE
    longest: timedelta = LONGEST

    async def begin(self, connection: AsyncConnection, **whose: object) -> str:
        """The cookie's value of a new session."""
        token = secrets.token_urlsafe(32)
        row = {"hash": _hash(token), "ends_at": func.now() + literal(self.idle), **whose}
        await connection.execute(insert(self.table).values(row))
        return token

    async def find(
        self, connection: AsyncConnection, token: str, owner: Select[*tuple[Any, ...]]
    ) -> Row[*tuple[Any, ...]] | None:
        """What `owner`, joined to the table, says of a session that goes on; prolongs it."""
        of, this = self.table.c, self.table.c.hash == _hash(token)
        long_ago = (of.seen_at < func.now() - literal(NOTED)).label("long_ago")
        found = await connection.execute(
            owner.add_columns(long_ago).where(this, of.ends_at > func.now())
        )
        row = found.one_or_none()
        if row is not None and row.long_ago:
            latest = func.least(
                func.now() + literal(self.idle), of.created_at + literal(self.longest)
            )
            seen = {"seen_at": func.now(), "ends_at": latest}
            await connection.execute(update(self.table).where(this).values(seen))
        return row

    async def end(self, engine: AsyncEngine, session_id: str) -> None:
        async with engine.begin() as connection:
            await self.end_with(connection, session_id)

    async def end_with(self, connection: AsyncConnection, session_id: str) -> None:
        """When the caller commits."""
        this = self.table.c.hash == bytes.fromhex(session_id)
        await connection.execute(delete(self.table).where(this))

    async def forget(self, engine: AsyncEngine) -> None:
        """Delete the sessions that have ended."""
        async with engine.begin() as connection:
            over = self.table.c.ends_at <= func.now()
            await connection.execute(delete(self.table).where(over))


def id_of(token: str) -> str:
    """Tells two sessions apart and opens nothing."""
    return _hash(token).hex()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
