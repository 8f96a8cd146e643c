"""Operators' accounts. A password and a key are told once, when they are made.

Whatever changes here is in the audit log, in the same commit.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col
from uuid_utils import uuid7

from api.errors import MissingRole, NotFound, OperatorExists
from api.keys import Mode, digest, key_id, new_key
from api.operators import audit
from api.operators.roles import Role
from api.operators.tables import Operator, OperatorSession

#: How operators' keys begin.
KIND = "ok"
TABLE = SQLModel.metadata.tables[str(Operator.__tablename__)]
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
#: Argon2id with the second recommended parameters of RFC 9106: 64 MiB, three passes.
_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True)
class NewOperator:
    """`password` and `key` are the only copies of the plaintext."""

    id: str
    login: str
    password: str
    key: str


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an operator, without the secrets."""

    id: str
    login: str
    name: str
    role: Role
    key_id: str
    key_last4: str
    created_at: datetime
    disabled_at: datetime | None


async def create(
    connection: AsyncConnection, login: str, name: str, role: Role, mode: Mode
) -> NewOperator:
    """Raises OperatorExists, ValueError."""
    called = login.lower()
    if not _LOGIN.fullmatch(called):
        raise ValueError("a login is 1 to 64 letters, digits and any of `._@-`")
    made = NewOperator(f"opr_{uuid7().hex}", called, _password(), new_key(mode, KIND))
    row = insert(Operator).values(
        id=made.id,
        login=called,
        name=name or called,
        role=role.value,
        password_hash=await hashed(made.password),
        key_hash=digest(made.key),
        key_last4=made.key[-4:],
    )
    try:
        await connection.execute(row)
    except IntegrityError as taken:
        raise OperatorExists(f"somebody is called {called} already") from taken
    await _note(connection, "operator_created", made.id, login=called, role=role.value)
    return made


async def disable(connection: AsyncConnection, login: str) -> Account:
    """From now on neither key nor password lets in, and who is signed in is not any more.

    Raises NotFound.
    """
    return await _change(connection, login, "operator_disabled", disabled_at=func.now())


async def change_role(connection: AsyncConnection, login: str, role: Role) -> Account:
    """Raises NotFound."""
    return await _change(connection, login, "role_changed", role=role.value)


async def change_key(connection: AsyncConnection, login: str, mode: Mode) -> str:
    """A new key; the one before opens nothing from now on. Raises NotFound."""
    key = new_key(mode, KIND)
    fresh = {"key_hash": digest(key), "key_last4": key[-4:]}
    await _change(connection, login, "key_changed", **fresh)
    return key


async def change_password(connection: AsyncConnection, login: str) -> str:
    """Raises NotFound."""
    password = _password()
    fresh = {"password_hash": await hashed(password)}
    await _change(connection, login, "password_changed", **fresh)
    return password


async def everybody(connection: AsyncConnection) -> list[Account]:
    """Oldest first."""
    rows = await connection.execute(select(*TABLE.c).order_by(col(Operator.id)))
    return [account_of(row) for row in rows]


async def with_key(connection: AsyncConnection, key: str) -> Account | None:
    """The operator whose key this is, unless disabled."""
    this = (col(Operator.key_hash) == digest(key)) & col(Operator.disabled_at).is_(None)
    row = (await connection.execute(select(*TABLE.c).where(this))).one_or_none()
    return account_of(row) if row else None


async def with_password(connection: AsyncConnection, login: str, password: str) -> Account | None:
    """The operator who may sign in with this, locked until the caller commits.

    So that nobody is let in by a password that is being changed.
    """
    this = (col(Operator.login) == login.lower()) & col(Operator.disabled_at).is_(None)
    query = select(*TABLE.c).where(this)
    row = (await connection.execute(query.with_for_update(read=True))).one_or_none()
    known = row.password_hash if row else await asyncio.to_thread(_nobodys)
    right = await asyncio.to_thread(_matches, known, password)
    return account_of(row) if row and right else None


async def stays(connection: AsyncConnection, account: Account) -> None:
    """Nobody disables the account or changes its role until the caller has committed.

    Raises MissingRole when somebody has, since it was read.
    """
    this = (col(Operator.id) == account.id) & (col(Operator.role) == account.role.value)
    query = select(col(Operator.id)).where(this, col(Operator.disabled_at).is_(None))
    if (await connection.execute(query.with_for_update(read=True))).first() is None:
        raise MissingRole(f"{account.login} is not {account.role} any more")


async def still(connection: AsyncConnection, operator_id: str, role: Role) -> bool:
    """Whether an operator may do what `role` may; stays so until the caller has committed."""
    this = (col(Operator.id) == operator_id) & col(Operator.disabled_at).is_(None)
    query = select(*TABLE.c).where(this).with_for_update(read=True)
    row = (await connection.execute(query)).one_or_none()
    return row is not None and account_of(row).role.includes(role)


async def hashed(password: str) -> str:
    # Made to be slow, so not on the event loop.
    return await asyncio.to_thread(_HASHER.hash, password)


@cache
def _nobodys() -> str:
    """So that somebody whose login is unknown waits as long as everybody else."""
    return _HASHER.hash(secrets.token_urlsafe(18))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _password() -> str:
    return secrets.token_urlsafe(18)


async def _change(
    connection: AsyncConnection, login: str, action: str, **columns: object
) -> Account:
    this = (col(Operator.login) == login.lower()) & col(Operator.disabled_at).is_(None)
    changed = update(TABLE).where(this).values(columns).returning(*TABLE.c)
    row = (await connection.execute(changed)).one_or_none()
    if row is None:
        raise NotFound(f"no operator who is not disabled is called {login}")
    if set(columns) & {"password_hash", "role", "disabled_at"}:
        mine = col(OperatorSession.operator_id) == row.id
        await connection.execute(delete(OperatorSession).where(mine))
    await _note(connection, action, row.id, login=row.login, role=row.role)
    return account_of(row)


async def _note(connection: AsyncConnection, action: str, subject: str, **detail: str) -> None:
    await audit.note(connection, audit.TERMINAL, action, subject, **detail)


def account_of(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        key_id=key_id(row.key_hash),
        key_last4=row.key_last4,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
