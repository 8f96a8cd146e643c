"""Who is signed in at the console: let in by a key, and no longer than that key lives."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel, col

from api.keys import digest, key_id
from api.scopes import Scope
from api.sessions import Sessions, id_of
from api.tables import ApiKey, ConsoleSession, Merchant

CONSOLE = Sessions(SQLModel.metadata.tables[str(ConsoleSession.__tablename__)])


@dataclass(frozen=True, slots=True)
class Session:
    """`id` tells two of them apart and opens nothing."""

    id: str
    merchant_id: str
    shop: str
    key_id: str
    scopes: frozenset[Scope]


async def begin(engine: AsyncEngine, key: str) -> str:
    """The cookie's value of a new session that this live key lets in."""
    async with engine.begin() as connection:
        return await CONSOLE.begin(connection, key_hash=digest(key))


async def find(engine: AsyncEngine, token: str) -> Session | None:
    """None when it has ended, was signed out, or its key has been revoked."""
    owner = (
        select(col(ApiKey.hash), col(ApiKey.merchant_id), col(ApiKey.scopes), col(Merchant.name))
        .join(ConsoleSession, col(ApiKey.hash) == col(ConsoleSession.key_hash))
        .join(Merchant, col(Merchant.id) == col(ApiKey.merchant_id))
        .where(col(ApiKey.revoked_at).is_(None))
    )
    async with engine.begin() as connection:
        row = await CONSOLE.find(connection, token, owner)
    if row is None:
        return None
    return Session(
        id=id_of(token),
        merchant_id=row.merchant_id,
        shop=row.name,
        key_id=key_id(row.hash),
        scopes=frozenset(Scope(name) for name in row.scopes),
    )
