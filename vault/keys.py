"""Keys of purchases as a process has them: asked of PostgreSQL, remembered for a minute."""

import os
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, Row, Select, literal, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel, col

from vault.errors import Erased, UnknownKey, UnknownPurchase
from vault.recent import Recent
from vault.ring import Ring, Wrapped, decrypt, encrypt
from vault.tables import PurchaseKey

#: How long a process may go on with a key that was retired or destroyed meanwhile.
KEPT_FOR = timedelta(minutes=1)
#: A key and its surroundings take less than 1 kB.
MOST = 10_000
KEY_BYTES = 32
#: Whose key it is that belongs to no purchase: instead of an escrow's id.
HOUSE = ""


@dataclass(frozen=True, slots=True)
class DataKey:
    """Encrypts for one purchase, or HOUSE, and decrypts only what was encrypted for it."""

    id: str
    escrow_id: str
    secret: bytes = field(repr=False)

    def encrypt(self, plain: bytes) -> bytes:
        return encrypt(self.secret, plain, self._bound_to)

    def decrypt(self, box: bytes) -> bytes:
        """Raises NotAuthentic."""
        return decrypt(self.secret, box, self._bound_to)

    @property
    def _bound_to(self) -> str:
        return f"danbao payload {self.escrow_id} {self.id}"


class Keys:
    """Every call raises MasterKeyMissing and NotAuthentic when a key cannot be unwrapped."""

    def __init__(
        self, engine: AsyncEngine, ring: Ring, *, most: int = MOST, kept_for: timedelta = KEPT_FOR
    ) -> None:
        self._engine = engine
        self._ring = ring
        self._current: Recent[DataKey] = Recent(most, kept_for)
        self._by_id: Recent[DataKey] = Recent(most, kept_for)

    async def current(self, escrow_id: str) -> DataKey:
        """What encrypts for the purchase, or HOUSE, now. Raises UnknownPurchase.

        Made if there is none. Purchases are born with a key; those older than this table were not,
        and one that was erased may still have to speak: money that came late goes back anyway.
        """
        if known := self._current.get(escrow_id):
            return known
        row = await self._row(_current(escrow_id))
        if row is None:
            async with self._engine.begin() as connection:
                await mint(connection, self._ring, escrow_id)
            row = await self._row(_current(escrow_id))
        if row is None:
            raise UnknownPurchase(f"no purchase {escrow_id}")
        key = unwrapped(self._ring, row)
        self._current.put(escrow_id, key)
        return key

    async def find(self, key_id: str) -> DataKey:
        """The key that a payload names. Raises UnknownKey, Erased."""
        if known := self._by_id.get(key_id):
            return known
        row = await self._row(wrapped_keys(col(PurchaseKey.id) == key_id))
        if row is None:
            raise UnknownKey(f"no key {key_id}")
        key = unwrapped(self._ring, row)
        self._by_id.put(key_id, key)
        return key

    async def _row(
        self, query: Select[str, str | None, bytes | None, str]
    ) -> Row[str, str | None, bytes | None, str] | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).one_or_none()


async def mint(connection: AsyncConnection, ring: Ring, escrow_id: str) -> None:
    """A key for the purchase, or for the house, in the caller's transaction: unless it has one.

    Does nothing for a purchase that is not there.
    """
    key = DataKey(secrets.token_urlsafe(12), escrow_id, os.urandom(KEY_BYTES))
    wrapped = wrapped_with(ring, key)
    escrow = SQLModel.metadata.tables["escrow"]
    owner = escrow.c.id if escrow_id else null()
    made = select(literal(key.id), owner, literal(wrapped.box), literal(wrapped.by))
    if escrow_id:
        made = made.where(escrow.c.id == escrow_id)
    await connection.execute(
        insert(PurchaseKey)
        .from_select(["id", "escrow_id", "box", "wrapped_by"], made)
        .on_conflict_do_nothing()
    )


def wrapped_keys(*which: ColumnElement[bool]) -> Select[str, str | None, bytes | None, str]:
    return select(
        col(PurchaseKey.id),
        col(PurchaseKey.escrow_id),
        col(PurchaseKey.box),
        col(PurchaseKey.wrapped_by),
    ).where(*which)


def wrapped_with(ring: Ring, key: DataKey) -> Wrapped:
    """The key as the database keeps it."""
    return ring.wrap(key.secret, _bound_to(key.escrow_id, key.id))


def unwrapped(ring: Ring, row: Row[str, str | None, bytes | None, str]) -> DataKey:
    """Raises Erased, MasterKeyMissing, NotAuthentic."""
    if row.box is None:
        raise Erased(f"key {row.id} was destroyed")
    escrow_id = row.escrow_id or HOUSE
    secret = ring.unwrap(Wrapped(row.wrapped_by, row.box), _bound_to(escrow_id, row.id))
    return DataKey(row.id, escrow_id, secret)


def _bound_to(escrow_id: str, key_id: str) -> str:
    return f"danbao key {escrow_id} {key_id}"


def _current(escrow_id: str) -> Select[str, str | None, bytes | None, str]:
    return wrapped_keys(
        col(PurchaseKey.escrow_id) == escrow_id
        if escrow_id
        else col(PurchaseKey.escrow_id).is_(None),
        col(PurchaseKey.retired_at).is_(None),
    )
