"""The delivery log: every try as it went, kept for 30 days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlmodel import col
from uuid_utils import uuid7

from webhooks.courier import Answer
from webhooks.port import Notice
from webhooks.tables import NoticeAttempt, UnheardNotice

#: As long as an Idempotency-Key is remembered; the database's own function says the same.
KEPT = timedelta(days=30)

TRY = NoticeAttempt


@dataclass(frozen=True, slots=True)
class Attempt:
    """`status` 0 is no answer, and `error` says why. `answer` is the first part of it."""

    id: str
    endpoint_id: str
    url: str
    headers: dict[str, str]
    status: int
    error: str
    answer: str
    milliseconds: int
    #: When it had ended.
    at: datetime


COLUMNS: list[Mapped[Any]] = [
    col(TRY.id), col(TRY.endpoint_id), col(TRY.url), col(TRY.headers), col(TRY.status),
    col(TRY.error), col(TRY.answer), col(TRY.milliseconds), col(TRY.at),
]  # fmt: skip


async def note(
    connection: AsyncConnection, notice: Notice, url: str, headers: dict[str, str], answer: Answer
) -> None:
    row = insert(TRY).values(
        id=f"dlv_{uuid7().hex}",
        escrow_id=notice.escrow_id,
        sequence=notice.sequence,
        endpoint_id=notice.endpoint,
        url=url,
        headers=headers,
        status=answer.status,
        error=answer.error,
        # PostgreSQL's text holds everything but NUL.
        answer=answer.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        milliseconds=answer.milliseconds,
    )
    await connection.execute(row)


async def attempts(
    connection: AsyncConnection, escrow_id: str, sequence: int, before: str | None, limit: int
) -> list[Attempt]:
    """The tries of one event at all endpoints, newest first; older than `before` if given."""
    query = select(*COLUMNS).where(col(TRY.escrow_id) == escrow_id, col(TRY.sequence) == sequence)
    if before is not None:
        query = query.where(col(TRY.id) < before)
    rows = await connection.execute(query.order_by(col(TRY.id).desc()).limit(limit))
    return [Attempt(*row) for row in rows]


async def forget_answers(connection: AsyncConnection, escrow_id: str) -> None:
    """What merchants' servers answered about a purchase: they may have quoted its buyer.

    For the role that owns the schema; the service can change nothing of a try.
    """
    of_this = update(TRY).where(col(TRY.escrow_id) == escrow_id)
    await connection.execute(of_this.values(answer=""))


async def forget(connection: AsyncConnection) -> int:
    """Delete what is older than KEPT: tries, and notices that were parked so long ago, or whose
    retry an operator has ended.

    Answers how many tries. The events themselves stay.
    """
    ended = func.coalesce(col(UnheardNotice.parked_at), col(UnheardNotice.next_at))
    await connection.execute(delete(UnheardNotice).where(ended < func.now() - literal(KEPT)))
    return int((await connection.execute(select(func.forget_notice_attempts()))).scalar_one())
