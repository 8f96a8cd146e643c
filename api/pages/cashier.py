"""`/pay`: what the buyer is about to pay, for what, to whom, and how."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api import purchases
from api.commands import ask, payment_page
from api.doors import Doors, TheDoors
from api.errors import PaymentDeclined, UnknownPaymentMethod
from api.methods import METHODS, chosen
from api.middleware import safe_headers
from api.pages import timeline
from api.pages.rendering import page
from api.pages.visitors import AVisit, OwnForm, Visit, exchange, visit
from domain.errors import Refusal
from domain.events import Cancelled
from domain.states import Party, Stage
from workflows.commands import Cancel

#: Seconds between two looks of a page while a bank decides.
REFRESH = 4

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.api_route("/{link}", methods=["GET", "HEAD"])
async def open_cashier(request: Request, link: str, doors: TheDoors) -> Response:
    if not purchases.is_id(link):
        return await exchange(doors, link, "pay")
    return await show(await visit(request, link, doors))


@router.post("/{escrow_id}/payment")
async def pay(
    visit: AVisit, form: OwnForm, choice: Annotated[str, Form(max_length=200)]
) -> Response:
    """To the bank's own page, or back with the reason why not."""
    this = visit.tried(form, "payment", choice)
    try:
        method = chosen(*choice.split("/", 1)) if "/" in choice else chosen(choice, "")
        url = await payment_page(visit.doors, visit.purchase, method, Party.BUYER, this)
    except (Refusal, PaymentDeclined, UnknownPaymentMethod) as no:
        return await show(await visit.anew(), str(no), 409)
    return RedirectResponse(url, 303)


@router.api_route("/{escrow_id}/cancellation", methods=["GET", "HEAD"])
async def open_cancellation(visit: AVisit) -> Response:
    try:
        visit.purchase.escrow.allows(Cancelled(by=Party.BUYER))
    except Refusal:
        return RedirectResponse(f"/pay/{visit.purchase.id}", 303)
    return page(
        "cancellation.html",
        purchase=visit.purchase,
        terms=visit.purchase.escrow.terms,
        cancel_form=visit.form("cancellation"),
        refresh=0,
        sandbox=not visit.doors.livemode,
    )


@router.post("/{escrow_id}/cancellation")
async def cancel(visit: AVisit, form: OwnForm) -> Response:
    this = visit.tried(form, "cancellation")
    event = Cancelled(by=Party.BUYER)
    try:
        await ask(visit.doors, visit.purchase, event, Cancel(Party.BUYER), this)
    except Refusal as refusal:
        return await show(await visit.anew(), str(refusal), 409)
    return RedirectResponse(f"/pay/{visit.purchase.id}", 303)


async def show(visit: Visit, notice: str = "", status: int = 200) -> Response:
    state = visit.purchase.escrow
    steps = await purchases.steps(visit.doors.engine, visit.purchase.id)
    response = page(
        "cashier.html",
        status,
        purchase=visit.purchase,
        state=state,
        terms=state.terms,
        stage=state.stage.value,
        methods=METHODS,
        declined=timeline.why_declined(state.declined) if state.declined else "",
        ending=timeline.lines(steps, state.terms.currency)[-1].text,
        notice=notice,
        pay_form=visit.form("payment"),
        refresh=REFRESH if state.stage is Stage.PAYING else 0,
        sandbox=not visit.doors.livemode,
    )
    response.headers.update(safe_headers(bank_pages(visit.doors)))
    return response


def bank_pages(doors: Doors) -> tuple[str, ...]:
    """Where the payment form may end up: a bank's page, by https unless the bank is our own toy."""
    if doors.livemode:
        return ("https:",)
    return ("https:", doors.settings.bank_url, "http://127.0.0.1:*", "http://localhost:*")
