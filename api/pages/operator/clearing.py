"""`/operator/clearing`: what falls due, the newest days, and payouts that need a person."""

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.operator.visitors import AVisit
from clearing import looking
from clearing.ahead import ahead
from workflows.names import clearing_id, payout_id

SHOWN = 50

router = APIRouter(prefix="/operator/clearing", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def clearing(visit: AVisit) -> Response:
    async with visit.doors.engine.connect() as connection:
        runs = await looking.runs(connection, SHOWN)
        unpaid = await looking.unpaid(connection, SHOWN)
        coming = await ahead(connection)
    ui = visit.doors.settings.temporal_ui_url
    return visit.page(
        "operator_clearing.html",
        runs=runs,
        unpaid=unpaid,
        coming=coming,
        most=SHOWN,
        day_at=lambda run: f"{ui}/workflows/{clearing_id(run.bank, run.currency, run.day)}",
        payout_at=lambda payout: f"{ui}/workflows/{payout_id(payout.id)}",
        ui=ui,
    )
