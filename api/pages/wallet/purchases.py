"""`/wallet`: everything that a buyer has bought, whatever the shop."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import purchases
from api.errors import NotFound
from api.languages import N_
from api.pages.visitors import COOKIE_AGE, keep_link
from api.pages.wallet.visitors import ENTRANCE, AVisit
from api.wallet.purchases import Which

#: Public stage → how it is called here.
STAGES = {
    "awaiting_payment": N_("To be paid"),
    "awaiting_shipment": N_("The shop is to send it"),
    "awaiting_confirmation": N_("On its way to you"),
    "disputed": N_("Problem reported"),
    "completed": N_("Complete"),
    "refunded": N_("Refunded"),
    "closed": N_("Closed"),
}
LISTS = {
    Which.ALL: N_("All"),
    Which.WAITING: N_("Your turn"),
    Which.OPEN: N_("Under way"),
    Which.DISPUTED: N_("With a problem"),
    Which.FINISHED: N_("Over"),
}
PAGE = 25

router = APIRouter(prefix=ENTRANCE.home, include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def bought(
    visit: AVisit, show: Which = Which.ALL, cursor: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Newest first. Raises InvalidCursor."""
    here = (f"wallet {show}", visit.account.id)
    cursors = visit.doors.cursors
    found = await visit.shelf.page(show, cursors.last(*here, cursor) if cursor else None, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    return visit.page(
        "wallet_purchases.html",
        room="purchases",
        lists=LISTS,
        show=show,
        stages=STAGES,
        purchases=shown,
        older=cursors.after(*here, shown[-1].id) if more else "",
    )


@router.api_route("/purchases/{escrow_id}", methods=["GET", "HEAD"])
async def open_purchase(visit: AVisit, escrow_id: str) -> Response:
    """To the order's own page, which a link made for a day opens. Raises NotFound."""
    doors = visit.doors
    purchase = await purchases.find(doors.engine, escrow_id)
    if purchase is None or not await visit.shelf.has(escrow_id):
        raise NotFound
    folder = "pay" if purchase.escrow.status == "awaiting_payment" else "orders"
    token = doors.links.token(escrow_id, datetime.now(UTC) + COOKIE_AGE)
    return keep_link(doors, token, escrow_id, folder)
