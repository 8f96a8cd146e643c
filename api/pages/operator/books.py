"""`/operator/books`: what must be true of the books, looked at now, and money held over time."""

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.operator.visitors import AVisit
from ledger import held
from runtime.audit import look

router = APIRouter(prefix="/operator/books", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def books(visit: AVisit) -> Response:
    """Reads all of the books, in one snapshot: the same as `./dev audit`."""
    engine = visit.doors.engine
    async with engine.connect() as connection:
        daily = await held.daily(connection)
        ages = await held.ages(connection)
    return visit.page("operator_books.html", found=await look(engine), daily=daily, ages=ages)
