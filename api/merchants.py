"""Merchants and their keys. A key is told once, when it is made, and can't be looked up."""

from dataclasses import dataclass

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from uuid_utils import uuid7

from api.keys import Mode, digest, new_key
from api.tables import ApiKey, Merchant
from domain.terms import FeePolicy


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """`key` is the only copy of the plaintext."""

    id: str
    key: str


async def create_merchant(
    connection: AsyncConnection,
    name: str,
    mode: Mode = "test",
    fee: FeePolicy | None = None,
    reserve_bps: int = 0,
) -> NewMerchant:
    """A merchant with its first API key, in the caller's transaction."""
    merchant_id = f"mer_{uuid7().hex}"
    policy = fee or FeePolicy()
    await connection.execute(
        insert(Merchant).values(
            id=merchant_id,
            name=name,
            fee_fixed=policy.fixed,
            fee_bps=policy.bps,
            reserve_bps=reserve_bps,
        )
    )
    return NewMerchant(merchant_id, await add_key(connection, merchant_id, mode))


async def add_key(connection: AsyncConnection, merchant_id: str, mode: Mode) -> str:
    """One more key, so that a merchant can change keys without a pause."""
    key = new_key(mode)
    await connection.execute(
        insert(ApiKey).values(hash=digest(key), last4=key[-4:], merchant_id=merchant_id, mode=mode)
    )
    return key


async def revoke_key(connection: AsyncConnection, key: str) -> None:
    """From now on nobody gets in with it."""
    await connection.execute(
        update(ApiKey)
        .where(col(ApiKey.hash) == digest(key), col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=func.now())
    )
