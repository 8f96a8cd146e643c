"""`/v1/escrows/{escrow_id}/events`: a purchase's events, and a stream that goes on with it.

What the stream promises: every event once, in order, without a gap, also over reconnections
(`id` is the event's `sequence`, `Last-Event-ID` resumes after it); it ends with the purchase.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api import promises, purchases
from api.answers import JSON
from api.auth import EitherReader
from api.commands import APurchase
from api.doors import Doors, TheDoors
from api.events import EventOut, listed, said
from api.purchases import Purchase
from ledger.log import Log

#: Proxies cut a connection on which nothing is said; the usual limit is 30 s or more.
KEEP_ALIVE = timedelta(seconds=15)
#: A key can be revoked and a link expire: who listens has to knock again now and then.
LONGEST = timedelta(minutes=15)
#: How long a client waits before it comes back, and we before we ask a silent database again.
PAUSE = timedelta(seconds=2)
HEADERS = {"Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no"}
LAST = 2**31 - 1
SAID = {"schema": {"type": "string"}, "example": 'id: 2\ndata: {"type":"escrow.paid"}\n\n'}

log = structlog.get_logger()
router = APIRouter(
    prefix="/v1/escrows", tags=["events"], generate_unique_id_function=lambda route: route.name
)


class EscrowEvents(BaseModel):
    """All events of one purchase so far, oldest first."""

    data: list[EventOut]


async def a_place(
    request: Request, doors: TheDoors, caller: EitherReader, purchase: APurchase
) -> AsyncIterator[bool]:
    """Whether this is to be a stream, which has its place until its connection ends."""
    if EventSourceResponse.media_type not in request.headers.get("accept", ""):
        yield False
        return
    with doors.watch.place(caller.subject, purchase.merchant_id):
        yield True


@router.get(
    "/{escrow_id}/events",
    response_description="Its events; with `Accept: text/event-stream` as they happen.",
    response_model=EscrowEvents,
    responses=promises.WAIT
    | {
        200: {"content": {EventSourceResponse.media_type: SAID}},
        204: {"description": "Stream: the purchase has ended and you have heard everything."},
    },
)
async def follow_escrow(
    doors: TheDoors,
    purchase: APurchase,
    streaming: Annotated[bool, Depends(a_place)],
    after: Annotated[
        int, Query(ge=0, le=LAST, description="Only events whose `sequence` is higher.")
    ] = 0,
    last_event_id: Annotated[
        str | None,
        Header(
            pattern="^[0-9]{1,9}$",
            description="What a browser sends by itself when it comes back; beats `after`.",
        ),
    ] = None,
) -> Response:
    """What has happened to a purchase; as a stream also what will.

    Server-sent events: `id` is the `sequence`, `data` the webhook's body. A stream ends with the
    purchase, and at the latest after 15 minutes; come back with `Last-Event-ID`, as a browser
    does. 204 tells that nothing will come any more.
    """
    seen = after if last_event_id is None else int(last_event_id)
    if not streaming:
        events = await Log(doors.engine).of_purchase(purchase.id, seen)
        return Response(f'{{"data":{listed(events)}}}', headers=HEADERS, media_type=JSON)
    if _heard_all(purchase, seen):
        return Response(status_code=204, headers=HEADERS)
    return EventSourceResponse(_told(doors, purchase, seen), headers=HEADERS)


def _heard_all(purchase: Purchase, seen: int) -> bool:
    return purchase.escrow.ended and seen >= purchase.escrow.told


async def _told(doors: Doors, purchase: Purchase, seen: int) -> AsyncIterator[bytes]:
    """The stream's bytes. Between two looks it holds no connection to the database."""
    yield format_sse_event(retry=int(PAUSE / timedelta(milliseconds=1)))
    clock = asyncio.get_running_loop().time
    end = clock() + LONGEST.total_seconds()
    while not (_heard_all(purchase, seen) or doors.watch.stopped or clock() > end):
        try:
            # The version first: what happens after it wakes us again.
            purchase = await purchases.get(doors.engine, purchase.id)
            events = await Log(doors.engine).of_purchase(purchase.id, seen)
        except (SQLAlchemyError, OSError) as silence:
            # An answer that has begun can't become a 503; browsers don't come back after one.
            log.warning("a stream waits for postgres", error=type(silence).__name__)
            yield KEEPALIVE_COMMENT
            await asyncio.sleep(PAUSE.total_seconds())
            continue
        for event in events:
            yield format_sse_event(data_str=said(event), id=str(event.sequence))
            seen = event.sequence
        if not events:
            yield KEEPALIVE_COMMENT
        if not _heard_all(purchase, seen):
            await doors.watch.changed(purchase.id, purchase.version, KEEP_ALIVE)
