"""A buyer's page that is open hears that its purchase has changed, and shows it anew."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from sqlalchemy.exc import SQLAlchemyError

from api import purchases
from api.pages.visitors import AVisit, Visit
from api.purchases import Purchase
from api.streams import HEADERS, KEEP_ALIVE, LAST, LONGEST, PAUSE

log = structlog.get_logger()
router = APIRouter(prefix="/orders", include_in_schema=False)


def changes(purchase: Purchase) -> str:
    """Where a page that shows `purchase` hears of the next change; "" when none will come."""
    return "" if purchase.settled else f"/orders/{purchase.id}/changes?after={purchase.version}"


async def a_place(visit: AVisit) -> AsyncIterator[Visit]:
    """Until the connection ends. Raises TooManyWaiting, Unavailable."""
    with visit.doors.watch.place(visit.purchase.id, visit.purchase.merchant_id):
        yield visit


@router.get("/{escrow_id}/changes")
async def follow(
    visit: Annotated[Visit, Depends(a_place)], after: Annotated[int, Query(ge=0, le=LAST)]
) -> Response:
    """One event, the new version, as soon as the purchase is no longer at `after`."""
    return EventSourceResponse(_told(visit, after), headers=HEADERS)


async def _told(visit: Visit, seen: int) -> AsyncIterator[bytes]:
    """Between two looks it holds no connection to the database."""
    doors, escrow_id = visit.doors, visit.purchase.id
    yield format_sse_event(retry=int(PAUSE.total_seconds() * 1000))
    clock = asyncio.get_running_loop().time
    end = clock() + LONGEST.total_seconds()
    while not doors.watch.stopped and clock() < end:
        try:
            versions = await purchases.versions(doors.engine, [escrow_id])
        except (SQLAlchemyError, OSError) as silence:
            # An answer that has begun can't become a 503.
            log.warning("a page waits for postgres", error=type(silence).__name__)
            yield KEEPALIVE_COMMENT
            await asyncio.sleep(PAUSE.total_seconds())
            continue
        if versions[escrow_id] != seen:
            yield format_sse_event(data_str=str(versions[escrow_id]))
            return
        yield KEEPALIVE_COMMENT
        await doors.watch.changed(escrow_id, seen, KEEP_ALIVE)
