"""What an endpoint was to hear and has not: tried again by a workflow, or parked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlmodel import col
from uuid_utils import uuid7

from webhooks.port import Notice
from webhooks.tables import UnheardNotice

ROW = UnheardNotice


@dataclass(frozen=True, slots=True)
class Unheard:
    """`next_at` is when it is tried again, None when it is parked: then only if asked for.

    `tries` since the event happened or was last asked for again, `reason` why the last one failed.
    """

    id: str
    endpoint_id: str
    escrow_id: str
    sequence: int
    event_id: str
    type: str
    tries: int
    reason: str
    next_at: datetime | None
    parked_at: datetime | None
    since: datetime


COLUMNS: list[Mapped[Any]] = [
    col(ROW.id), col(ROW.endpoint_id), col(ROW.escrow_id), col(ROW.sequence), col(ROW.event_id),
    col(ROW.type), col(ROW.tries), col(ROW.reason), col(ROW.next_at), col(ROW.parked_at),
    col(ROW.since),
]  # fmt: skip


async def expect(
    connection: AsyncConnection, notice: Notice, event_id: str, kind: str,
    before: int, tries: int, reason: str, wait: timedelta | None,
) -> None:  # fmt: skip
    """`notice` was not heard in so many tries: the next comes after `wait`, None parks it.

    `before` is how many were known when this one began. Nothing if others are known by now: a try
    that a redelivery took the place of has nothing more to say.
    """
    now = func.clock_timestamp()
    standing: dict[str, Any] = {
        "tries": tries,
        "reason": reason,
        "next_at": None if wait is None else now + literal(wait),
        "parked_at": now if wait is None else None,
    }
    if before:
        same = and_(_this(notice), col(ROW.tries) == before, col(ROW.parked_at).is_(None))
        await connection.execute(update(ROW).where(same).values(standing))
        return
    row = insert(ROW).values(
        id=f"unh_{uuid7().hex}",
        endpoint_id=notice.endpoint,
        escrow_id=notice.escrow_id,
        sequence=notice.sequence,
        event_id=event_id,
        type=kind,
        **standing,
    )
    untried = or_(col(ROW.tries) == 0, col(ROW.parked_at).is_not(None))
    await connection.execute(
        row.on_conflict_do_update(constraint="unheard_notice_once", set_=standing, where=untried)
    )


async def heard(connection: AsyncConnection, notice: Notice) -> None:
    """Forget that it was not heard; nothing when it never was unheard."""
    await connection.execute(delete(ROW).where(_this(notice)))


async def resume(connection: AsyncConnection, parked: Unheard) -> None:
    """`parked` is being tried again. Nothing if that has come to an end already."""
    same = and_(col(ROW.id) == parked.id, col(ROW.parked_at) == parked.parked_at)
    again = {"tries": 0, "next_at": func.clock_timestamp(), "parked_at": None}
    await connection.execute(update(ROW).where(same).values(again))


async def begin_anew(connection: AsyncConnection, retrying: Unheard) -> None:
    """The schedule of one that is being tried starts from its beginning.

    Said before whoever asked for it tries: what is under way finds its count gone, says no more.
    """
    same = and_(col(ROW.id) == retrying.id, col(ROW.parked_at).is_(None))
    again = {"tries": 0, "next_at": func.clock_timestamp()}
    await connection.execute(update(ROW).where(same).values(again))


async def tries_of(connection: AsyncConnection, notice: Notice) -> int:
    """How often it was tried without being heard: 0 when nobody knows of a try.

    0 also when it was parked: whoever tries it still was asked to, and its schedule begins anew.
    """
    tries = select(col(ROW.tries)).where(_this(notice), col(ROW.parked_at).is_(None))
    found = await connection.execute(tries)
    return found.scalar_one_or_none() or 0


async def of_event(connection: AsyncConnection, event_id: str) -> list[Unheard]:
    query = select(*COLUMNS).where(col(ROW.event_id) == event_id).order_by(col(ROW.id))
    return [Unheard(*row) for row in await connection.execute(query)]


async def of_purchase(connection: AsyncConnection, escrow_id: str) -> list[Unheard]:
    query = select(*COLUMNS).where(col(ROW.escrow_id) == escrow_id).order_by(col(ROW.id))
    return [Unheard(*row) for row in await connection.execute(query)]


async def of_endpoint(
    connection: AsyncConnection, endpoint_id: str, after: str, limit: int, *, parked: bool | None
) -> list[Unheard]:
    """Oldest first, those after `after` ("": all); `parked` None: both kinds."""
    query = select(*COLUMNS).where(col(ROW.endpoint_id) == endpoint_id, col(ROW.id) > after)
    if parked is not None:
        query = query.where(col(ROW.parked_at).is_not(None) == literal(parked))
    return [
        Unheard(*row) for row in await connection.execute(query.order_by(col(ROW.id)).limit(limit))
    ]


def _this(notice: Notice) -> ColumnElement[bool]:
    return and_(
        col(ROW.endpoint_id) == notice.endpoint,
        col(ROW.escrow_id) == notice.escrow_id,
        col(ROW.sequence) == notice.sequence,
    )
