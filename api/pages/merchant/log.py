"""`/merchant/events`: what was told to the shop, whether it heard it, and telling it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from api import redelivery
from api.errors import EndpointDisabled, NobodyAsked
from api.languages import _
from api.pages.merchant.visitors import AVisit, Visit
from api.pages.visitors import OwnForm
from api.scopes import Scope
from ledger.statements import EVENT
from webhooks.tables import NoticeAttempt, UnheardNotice

PAGE = 25

router = APIRouter(prefix="/merchant/events", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Try:
    """The last time that one endpoint was told; `answer` is a status, or why there was none."""

    url: str
    heard: bool
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """`next_at` is None when it is parked: then only if somebody asks for it."""

    tries: int
    reason: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what became of it, at every endpoint that was told."""

    id: str
    type: str
    escrow_id: str
    order_id: str
    sequence: int
    at: datetime
    tries: list[Try]
    missed: list[Missed]


@router.api_route("", methods=["GET", "HEAD"])
async def events(
    visit: AVisit,
    cursor: Annotated[str, Query(max_length=200)] = "",
    again: Annotated[str, Query(pattern=r"^(evt_[0-9a-f]{32})?$")] = "",
) -> Response:
    """Newest first; `again` is the one that was just told again. Raises InvalidCursor."""
    return await _events(visit, cursor, told_again=again)


@router.post("/{event_id}/redelivery")
async def tell_again(visit: AVisit, form: OwnForm, event_id: str) -> Response:
    """Raises MissingScope, StaleForm, NotFound, Unavailable."""
    visit.needs(Scope.WEBHOOKS)
    visit.nonce(form, "redelivery")
    engine = visit.doors.engine
    event = await redelivery.event_of(engine, visit.merchant_id, event_id)
    try:
        await redelivery.tell_again(engine, visit.doors.trade, event)
    except NobodyAsked:
        notice = _("No webhook endpoint that is switched on asks for %(type)s.")
        notice %= {"type": event.type}
        return await _events(visit, notice=notice, status=409)
    except EndpointDisabled:
        return await _events(visit, notice=_("That endpoint is switched off."), status=409)
    return RedirectResponse(f"/merchant/events?again={event.id}", 303)


async def _events(
    visit: Visit, cursor: str = "", *, told_again: str = "", notice: str = "", status: int = 200
) -> Response:
    visit.needs(Scope.ESCROWS_READ)
    here = ("console events", visit.merchant_id)
    before = visit.doors.cursors.last(*here, cursor) if cursor else None
    found = await _log(visit.doors.engine, visit.merchant_id, before, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    return visit.page(
        "merchant_events.html",
        status,
        events=shown,
        told_again=told_again,
        form=visit.form("redelivery") if visit.may(Scope.WEBHOOKS) else "",
        older=visit.doors.cursors.after(*here, shown[-1].id) if more else "",
        notice=notice,
        here="/merchant/events",
    )


async def _log(engine: AsyncEngine, merchant_id: str, before: str | None, limit: int) -> list[Told]:
    order = (EVENT.c.xid, EVENT.c.position)
    query = select(EVENT).where(EVENT.c.merchant_id == merchant_id)
    if before is not None:
        place = select(*order).where(EVENT.c.id == before).scalar_subquery()
        query = query.where(tuple_(*order) < place)
    newest = query.order_by(*(by.desc() for by in order)).limit(limit)
    async with engine.connect() as connection:
        rows = (await connection.execute(newest)).all()
        tries = await _tries(connection, [(row.escrow_id, row.sequence) for row in rows])
        missed = await _missed(connection, [row.id for row in rows])
    return [
        Told(
            id=row.id,
            type=row.type,
            escrow_id=row.escrow_id,
            order_id=_about(row.body["data"]),
            sequence=row.sequence,
            at=row.at,
            tries=tries.get((row.escrow_id, row.sequence), []),
            missed=missed.get(row.id, []),
        )
        for row in rows
    ]


def _about(data: dict[str, Any]) -> str:
    """The order's number, or which day's payout it is."""
    if "payout" in data:
        return _("Payout of %(day)s") % {"day": data["payout"]["day"]}
    return str(data["escrow"]["order_id"])


async def _tries(
    connection: AsyncConnection, of: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], list[Try]]:
    """The last try of each event at each endpoint."""
    event = (col(NoticeAttempt.escrow_id), col(NoticeAttempt.sequence))
    last = (
        select(NoticeAttempt.__table__)  # type: ignore[attr-defined]
        .ext(distinct_on(*event, col(NoticeAttempt.endpoint_id)))
        .where(tuple_(*event).in_(of))
        .order_by(*event, col(NoticeAttempt.endpoint_id), col(NoticeAttempt.id).desc())
    )
    found: dict[tuple[str, int], list[Try]] = {}
    for row in await connection.execute(last):
        heard = 200 <= row.status < 300
        answer = str(row.status) if row.status else row.error
        found.setdefault((row.escrow_id, row.sequence), []).append(
            Try(row.url, heard, answer, row.at)
        )
    return found


async def _missed(connection: AsyncConnection, of: Sequence[str]) -> dict[str, list[Missed]]:
    rows = await connection.execute(
        select(UnheardNotice.__table__).where(col(UnheardNotice.event_id).in_(of))  # type: ignore[attr-defined]
    )
    found: dict[str, list[Missed]] = {}
    for row in rows:
        found.setdefault(row.event_id, []).append(Missed(row.tries, row.reason, row.next_at))
    return found
