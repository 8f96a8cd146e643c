"""Merchants and their keys. A key is told once, when it is made, and can't be looked up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from uuid_utils import uuid7

from api.errors import NotFound, TooManyKeys
from api.keys import Mode, digest, key_id, new_key
from api.scopes import EVERYTHING, Scope
from api.tables import ApiKey, Merchant
from clearing.contracts import BankAccount, agree, set_bank_account
from domain.clearing import PayoutTerms
from domain.currencies import EXPONENTS
from domain.errors import UnknownCurrency
from domain.terms import FeePolicy

#: The one that is used, and the one that takes its place.
LIVE_KEYS = 2


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """`key` is the only copy of the plaintext."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key once it has been told; `last_used_at` is exact to a minute."""

    id: str
    last4: str
    mode: str
    scopes: frozenset[Scope]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant and its live keys, oldest first."""

    id: str
    name: str
    created_at: datetime
    keys: list[Key]


async def create_merchant(
    connection: AsyncConnection,
    name: str,
    mode: Mode = "test",
    fee: FeePolicy | None = None,
    reserve_bps: int = 0,
    scopes: Collection[Scope] = EVERYTHING,
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
    return NewMerchant(merchant_id, await _issue(connection, merchant_id, mode, scopes))


async def add_key(
    connection: AsyncConnection,
    merchant_id: str,
    mode: Mode,
    scopes: Collection[Scope] = EVERYTHING,
) -> str:
    """One more key, so that a merchant can change keys without a pause.

    Raises TooManyKeys, NotFound.
    """
    # Two who rotate at once come one after the other: a merchant has a row here from its start.
    everyone = select(col(ApiKey.hash)).where(col(ApiKey.merchant_id) == merchant_id)
    if not (await connection.execute(everyone.with_for_update())).first():
        raise NotFound
    live = _live().where(col(ApiKey.merchant_id) == merchant_id)
    if len((await connection.execute(live)).all()) >= LIVE_KEYS:
        raise TooManyKeys
    return await _issue(connection, merchant_id, mode, scopes)


async def revoke_key(connection: AsyncConnection, merchant_id: str, name: str) -> Key:
    """From now on nobody gets in with it. `name` is its id or, where that is clear, its last four.

    Raises NotFound.
    """
    live = _live().where(col(ApiKey.merchant_id) == merchant_id)
    named = [row for row in await connection.execute(live) if name in (key_id(row.hash), row.last4)]
    if len(named) != 1:
        raise NotFound("no live key of this merchant is called so, or more than one")
    await connection.execute(
        update(ApiKey)
        .where(col(ApiKey.hash) == named[0].hash, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=func.now())
    )
    return _key(named[0])


async def keys_of(connection: AsyncConnection, merchant_id: str) -> list[Key]:
    """All keys a merchant ever had, the live ones first, then the newest first."""
    rows = await connection.execute(
        _keys()
        .where(col(ApiKey.merchant_id) == merchant_id)
        .order_by(col(ApiKey.revoked_at).desc().nulls_first(), col(ApiKey.created_at).desc())
    )
    return [_key(row) for row in rows]


async def merchants(connection: AsyncConnection) -> list[Shop]:
    """Everybody, oldest first."""
    shops = await connection.execute(
        select(col(Merchant.id), col(Merchant.name), col(Merchant.created_at)).order_by(
            col(Merchant.id)
        )
    )
    found = {row.id: Shop(row.id, row.name, row.created_at, []) for row in shops}
    for row in await connection.execute(_live().order_by(col(ApiKey.created_at))):
        found[row.merchant_id].keys.append(_key(row))
    return list(found.values())


async def say_where(
    connection: AsyncConnection,
    merchant_id: str,
    currency: str,
    where: tuple[str, str],
    terms: PayoutTerms,
) -> BankAccount:
    """Pay the merchant there, (holder, number), from now on. Raises NotFound, UnknownCurrency,
    ValueError.
    """
    if currency not in EXPONENTS:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency with minor units")
    found = select(col(Merchant.id)).where(col(Merchant.id) == merchant_id)
    if await connection.scalar(found) is None:
        raise NotFound("there is no such merchant")
    await agree(connection, merchant_id, currency, terms)
    return await set_bank_account(connection, merchant_id, currency, *where)


async def _issue(
    connection: AsyncConnection, merchant_id: str, mode: Mode, scopes: Collection[Scope]
) -> str:
    key = new_key(mode)
    await connection.execute(
        insert(ApiKey).values(
            hash=digest(key),
            last4=key[-4:],
            merchant_id=merchant_id,
            mode=mode,
            scopes=[scope.value for scope in Scope if scope in scopes],
        )
    )
    return key


def _keys() -> Select[*tuple[Any, ...]]:
    return select(*ApiKey.__table__.columns)  # type: ignore[attr-defined]


def _live() -> Select[*tuple[Any, ...]]:
    return _keys().where(col(ApiKey.revoked_at).is_(None))


def _key(row: Row[Any]) -> Key:
    return Key(
        id=key_id(row.hash),
        last4=row.last4,
        mode=row.mode,
        scopes=frozenset(Scope(name) for name in row.scopes),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
