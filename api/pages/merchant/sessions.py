"""Who is signed in at the console: a cookie whose digest is stored, as long as its key lives."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api.keys import digest, key_id
from api.scopes import Scope
from api.tables import ApiKey, ConsoleSession, Merchant

#: A browser that nobody sits at is signed out after one, and everybody after the other.
IDLE, LONGEST = timedelta(hours=1), timedelta(hours=12)
#: A session is prolonged at most this often: not every look at a page writes a row.
NOTED = timedelta(minutes=1)


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
    token = secrets.token_urlsafe(32)
    async with engine.begin() as connection:
        await connection.execute(
            insert(ConsoleSession).values(
                hash=_hash(token), key_hash=digest(key), ends_at=func.now() + literal(IDLE)
            )
        )
    return token


async def find(engine: AsyncEngine, token: str) -> Session | None:
    """None when it has ended, was signed out, or its key has been revoked."""
    this = col(ConsoleSession.hash) == _hash(token)
    long_ago = col(ConsoleSession.seen_at) < func.now() - literal(NOTED)
    latest = func.least(
        func.now() + literal(IDLE), col(ConsoleSession.created_at) + literal(LONGEST)
    )
    async with engine.begin() as connection:
        found = await connection.execute(
            select(
                col(ApiKey.hash),
                col(ApiKey.merchant_id),
                col(ApiKey.scopes),
                col(Merchant.name),
                long_ago.label("long_ago"),
            )
            .join(ApiKey, col(ApiKey.hash) == col(ConsoleSession.key_hash))
            .join(Merchant, col(Merchant.id) == col(ApiKey.merchant_id))
            .where(this, col(ConsoleSession.ends_at) > func.now(), col(ApiKey.revoked_at).is_(None))
        )
        row = found.one_or_none()
        if row is None:
            return None
        if row.long_ago:
            seen = {"seen_at": func.now(), "ends_at": latest}
            await connection.execute(update(ConsoleSession).where(this).values(seen))
    return Session(
        id=_hash(token).hex(),
        merchant_id=row.merchant_id,
        shop=row.name,
        key_id=key_id(row.hash),
        scopes=frozenset(Scope(name) for name in row.scopes),
    )


async def end(engine: AsyncEngine, session: Session) -> None:
    async with engine.begin() as connection:
        this = col(ConsoleSession.hash) == bytes.fromhex(session.id)
        await connection.execute(delete(ConsoleSession).where(this))


async def forget(engine: AsyncEngine) -> None:
    """Delete the sessions that have ended."""
    async with engine.begin() as connection:
        over = col(ConsoleSession.ends_at) <= func.now()
        await connection.execute(delete(ConsoleSession).where(over))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
