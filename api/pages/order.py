"""`/orders`: where the buyer sees what happened, and says that the goods have arrived."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api import purchases
from api.commands import ask, tell
from api.doors import TheDoors
from api.languages import _
from api.outlook import whole
from api.pages import disputes, problem, timeline
from api.pages.ahead import ahead
from api.pages.following import changes
from api.pages.refusals import no
from api.pages.rendering import page
from api.pages.visitors import AVisit, OwnForm, Visit, exchange, visit
from api.pages.wallet.keeping import offer
from domain.clock import lets_go
from domain.errors import Refusal
from domain.events import InspectionExtended, ReceiptConfirmed
from domain.states import Party, Stage
from domain.terms import BUYERS_EXTENSION
from workflows.commands import Confirm, Extend

#: Seconds between two looks while somebody else must act, and while we do.
REFRESH_SLOWLY, REFRESH = 30, 3
#: The release is usually booked while the button is still pressed.
RELEASE_PATIENCE = timedelta(seconds=5)

router = APIRouter(prefix="/orders", include_in_schema=False)


@router.api_route("/{link}", methods=["GET", "HEAD"])
async def open_order(
    request: Request, link: str, doors: TheDoors, confirmed: bool = False
) -> Response:
    if not purchases.is_id(link):
        return await exchange(request, doors, link, "orders")
    return await show(await visit(request, link, doors), confirmed=confirmed)


@router.api_route("/{escrow_id}/receipt", methods=["GET", "HEAD"])
async def open_receipt(visit: AVisit) -> Response:
    """The second step: it can't be undone, so the buyer types something."""
    if may_confirm(visit):
        return receipt_page(visit)
    return RedirectResponse(f"/orders/{visit.purchase.id}", 303)


@router.post("/{escrow_id}/receipt")
async def confirm(
    visit: AVisit, form: OwnForm, typed: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    this = visit.tried(form, "receipt")
    if typed.strip().upper() != word(visit):
        return receipt_page(
            visit, _("That is not what the box asks for. Nothing was released."), 422
        )
    purchase, watch = visit.purchase, visit.doors.watch
    try:
        event = ReceiptConfirmed(by=Party.BUYER)
        await tell(visit.doors, purchase, event, Confirm(this.command_id))
    except Refusal as refusal:
        return await show(await visit.anew(), no(refusal).text, status=409)
    await watch.changed(purchase.id, purchase.version, RELEASE_PATIENCE)
    return RedirectResponse(f"/orders/{purchase.id}?confirmed=true", 303)


@router.post("/{escrow_id}/extension")
async def extend(visit: AVisit, form: OwnForm) -> Response:
    this = visit.tried(form, "extension")
    event = InspectionExtended(extension=BUYERS_EXTENSION, by=Party.BUYER)
    command = Extend(Party.BUYER, BUYERS_EXTENSION)
    try:
        await ask(visit.doors, visit.purchase, event, command, this)
    except Refusal as refusal:
        return await show(await visit.anew(), no(refusal).text, status=409)
    return RedirectResponse(f"/orders/{visit.purchase.id}", 303)


async def show(
    visit: Visit, notice: str = "", *, confirmed: bool = False, status: int = 200
) -> Response:
    state = visit.purchase.escrow
    steps = await purchases.steps(visit.doors.engine, visit.purchase.id)
    extended = any(
        step.name == InspectionExtended.name and step.by == Party.BUYER for step in steps
    )
    releasing = confirmed and may_confirm(visit)
    escrow = await whole(visit.doors, visit.purchase)
    return page(
        "order.html",
        status,
        purchase=visit.purchase,
        state=state,
        terms=state.terms,
        stage=state.stage.value,
        timeline=timeline.lines(steps, state.terms.currency),
        lets_go=lets_go(escrow),
        notice=notice,
        may_confirm=may_confirm(visit) and not releasing,
        may_extend=may_confirm(visit) and not extended and not releasing,
        releasing=releasing,
        may_report=not releasing and await problem.may_report(visit),
        **await _dispute(visit),
        **await offer(visit),
        ahead=ahead(escrow, Party.BUYER, datetime.now(UTC)),
        extension_days=BUYERS_EXTENSION.days,
        extension_form=visit.form("extension"),
        refresh=0 if state.settled else REFRESH if _we_act(visit, releasing) else REFRESH_SLOWLY,
        here=f"/orders/{visit.purchase.id}",
        follow=changes(visit.purchase),
        sandbox=not visit.doors.livemode,
    )


async def _dispute(visit: Visit) -> dict[str, object]:
    """What is disputed, and what was said about it in this dispute and before."""
    quarrel = await disputes.under_way(visit.doors, visit.purchase)
    entries = await disputes.heard(visit.doors, visit.purchase)
    mine = {one.dispute for one in entries if one.by == Party.BUYER}
    unexplained = quarrel is not None and quarrel.complaint.number not in mine
    return {"quarrel": quarrel, "entries": entries, "unexplained": unexplained}


def receipt_page(visit: Visit, notice: str = "", status: int = 200) -> Response:
    state = visit.purchase.escrow
    return page(
        "receipt.html",
        status,
        purchase=visit.purchase,
        state=state,
        terms=state.terms,
        word=word(visit),
        notice=notice,
        receipt_form=visit.form("receipt"),
        refresh=0,
        sandbox=not visit.doors.livemode,
    )


def word(visit: Visit) -> str:
    """What the buyer types to confirm: the end of the order's number."""
    return visit.purchase.escrow.terms.order_id[-4:].upper()


def may_confirm(visit: Visit) -> bool:
    try:
        visit.purchase.escrow.allows(ReceiptConfirmed(by=Party.BUYER))
    except Refusal:
        return False
    return True


def _we_act(visit: Visit, releasing: bool) -> bool:
    stage = visit.purchase.escrow.stage
    return releasing or stage in (Stage.PAYING, Stage.CAPTURING) or visit.purchase.returning > 0
