"""`/operator/audit`: what operators did, newest first, and whether the log is whole."""

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.operators import audit
from api.pages.operator.visitors import AVisit

SHOWN = 100

router = APIRouter(prefix="/operator", include_in_schema=False)


@router.api_route("/audit", methods=["GET", "HEAD"])
async def read_log(visit: AVisit, before: int | None = Query(None, ge=1, le=2**31 - 1)) -> Response:
    async with visit.doors.engine.connect() as connection:
        entries = await audit.newest(connection, SHOWN, before)
        broken = await audit.verify(connection)
    older = entries[-1].no if len(entries) == SHOWN else 0
    return visit.page("operator_audit.html", entries=entries, broken=broken, older=older)
