"""The log of everything that operators do: only ever added to, each entry chained to the last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from api.languages import N_
from api.operators.tables import AuditEntry, Operator

TABLE = SQLModel.metadata.tables[str(AuditEntry.__tablename__)]
#: What the first entry follows.
NOTHING = "0" * 64
#: Who works at a shell of the installation itself.
TERMINAL = ""
#: In words, because the database gives the rest of the row, its key too.
ADDED = text(
    "INSERT INTO audit_entry (operator_id, action, subject, detail)"
    " VALUES (:who, :action, :subject, :detail)"
).bindparams(bindparam("detail", type_=JSONB))
CHAIN = text("SELECT no, prev, hash, audit_hash(audit_entry) AS again FROM audit_entry ORDER BY no")


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` is the operator's login, "" for the terminal of the installation."""

    no: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that can't be what it says, and why."""

    no: int
    why: str


async def note(
    connection: AsyncConnection, operator_id: str, action: str, subject: str, **detail: object
) -> None:
    """In the transaction of what it tells: both happen, or neither.

    From here until the caller commits nobody else can add to the log: note last.
    """
    said = {"who": operator_id, "action": action, "subject": subject, "detail": detail}
    await connection.execute(ADDED, said)


async def newest(connection: AsyncConnection, most: int, before: int | None = None) -> list[Entry]:
    """Newest first, from below number `before` on."""
    who = func.coalesce(col(Operator.login), col(AuditEntry.operator_id)).label("who")
    query = select(*TABLE.c, who).outerjoin(
        Operator, col(Operator.id) == col(AuditEntry.operator_id)
    )
    if before is not None:
        query = query.where(col(AuditEntry.no) < before)
    rows = await connection.execute(query.order_by(col(AuditEntry.no).desc()).limit(most))
    return [Entry(row.no, row.at, row.who, row.action, row.subject, row.detail) for row in rows]


async def verify(connection: AsyncConnection) -> Broken | None:
    """The first entry that was changed, or follows one that is gone; None for a whole chain.

    That the end was cut off shows only to somebody who has kept the last number or hash.
    """
    number, last = 0, NOTHING
    async for row in await connection.stream(CHAIN):
        number += 1
        if row.no != number:
            return Broken(number, N_("it is missing"))
        if row.prev != last:
            return Broken(number, N_("it does not follow the one before"))
        if row.hash != row.again:
            return Broken(number, N_("its hash is not of what it says"))
        last = row.hash
    return None
