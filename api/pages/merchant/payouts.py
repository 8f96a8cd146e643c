"""`/merchant/payouts`: what stands to the shop, payments to its bank, what each of them pays."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.errors import NotFound
from api.languages import N_
from api.pages.merchant.visitors import AVisit
from api.scopes import Scope
from clearing import reading

PAGE = 25
#: What a line pays or takes off, by the step that caused it; others are shown as they are called.
STEPS = {
    "receipt_confirmed": N_("Released: the buyer confirmed"),
    "inspection_lapsed": N_("Released: the time to inspect was over"),
    "dispute_resolved": N_("Released: a dispute was decided"),
    "dispute_withdrawn": N_("Released: the dispute was withdrawn"),
    "reserve_freed": N_("Reserve came free"),
    "payout_failed": N_("A payout that was refused"),
    "payout_returned": N_("A payout that came back"),
    "debt_recovered": N_("What you owed us"),
}

router = APIRouter(prefix="/merchant/payouts", include_in_schema=False)
Cursor = Annotated[str, Query(max_length=200)]


@router.api_route("", methods=["GET", "HEAD"])
async def payouts(visit: AVisit, cursor: Cursor = "") -> Response:
    """Newest first. Raises MissingScope, InvalidCursor."""
    visit.needs(Scope.PAYOUTS)
    here = ("console payouts", visit.merchant_id)
    before = visit.doors.cursors.last(*here, cursor) if cursor else None
    async with visit.doors.engine.connect() as connection:
        balances = await reading.balances(connection, visit.merchant_id)
        found = await reading.payouts(connection, visit.merchant_id, None, before, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    return visit.page(
        "merchant_payouts.html",
        balances=balances,
        payouts=shown,
        older=visit.doors.cursors.after(*here, shown[-1].id) if more else "",
    )


@router.api_route("/{payout_id}", methods=["GET", "HEAD"])
async def payout(visit: AVisit, payout_id: str, cursor: Cursor = "") -> Response:
    """One of them with its lines. Raises MissingScope, NotFound, InvalidCursor."""
    visit.needs(Scope.PAYOUTS)
    here = (f"console lines of {payout_id}", visit.merchant_id)
    after = visit.doors.cursors.last(*here, cursor) if cursor else None
    async with visit.doors.engine.connect() as connection:
        found = await reading.payout(connection, visit.merchant_id, payout_id)
        if found is None:
            raise NotFound
        lines = await reading.lines(connection, payout_id, after, PAGE + 1)
    shown, more = lines[:PAGE], len(lines) > PAGE
    return visit.page(
        "merchant_payout.html",
        payout=found,
        steps=STEPS,
        lines=shown,
        further=visit.doors.cursors.after(*here, shown[-1].place) if more else "",
    )
