"""`/merchant`: a shop's purchases by stage, and whose turn each of them is."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api import purchases
from api.pages.codes import STAGES
from api.pages.merchant.visitors import AVisit
from api.scopes import Scope
from ledger.tables import Escrow

PAGE = 25
#: So many of the newest are counted: the page costs the same, however old the shop is.
COUNTED = 1000

router = APIRouter(prefix="/merchant", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def orders(
    visit: AVisit,
    stage: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Newest first. Raises MissingScope, InvalidCursor."""
    visit.needs(Scope.ESCROWS_READ)
    here = ("console orders", visit.merchant_id)
    found = await purchases.page(
        visit.doors.engine,
        visit.merchant_id,
        status=stage if stage in STAGES else None,
        order_id=None,
        before=visit.doors.cursors.last(*here, cursor) if cursor else None,
        limit=PAGE + 1,
    )
    shown, more = found[:PAGE], len(found) > PAGE
    return visit.page(
        "merchant_orders.html",
        stages=STAGES,
        counted=COUNTED,
        counts=await _counts(visit.doors.engine, visit.merchant_id),
        stage=stage if stage in STAGES else "",
        purchases=shown,
        older=visit.doors.cursors.after(*here, shown[-1].id) if more else "",
    )


async def _counts(engine: AsyncEngine, merchant_id: str) -> dict[str, int]:
    newest = (
        select(col(Escrow.status))
        .where(col(Escrow.merchant_id) == merchant_id)
        .order_by(col(Escrow.id).desc())
        .limit(COUNTED)
        .subquery()
    )
    async with engine.connect() as connection:
        rows = await connection.execute(
            select(newest.c.status, func.count().label("number")).group_by(newest.c.status)
        )
        return {row.status: row.number for row in rows}
