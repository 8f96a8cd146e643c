"""`/pay`: what the buyer is about to pay, for what, to whom, and how."""

import contextlib
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api import purchases
from api.commands import ask, payment_page
from api.doors import Doors, TheDoors
from api.errors import PaymentDeclined, TooManyWaiting, Unavailable, UnknownPaymentMethod
from api.methods import METHODS
from api.middleware import safe_headers
from api.pages import timeline
from api.pages.following import changes
from api.pages.refusals import no
from api.pages.rendering import page, qr
from api.pages.visitors import AVisit, OwnForm, Visit, exchange, visit
from api.pages.wallet.keeping import offer
from api.pages.wallet.paying import choose, saved
from api.pages.wallet.visitors import guest
from api.waiting import until_gone
from domain.errors import Refusal
from domain.events import Cancelled
from domain.states import Party, Stage
from workflows.commands import Cancel

#: Seconds between two looks of a page while a bank decides.
REFRESH = 4
#: A buyer who comes back from the bank has most likely paid, and the bank's report is on its way:
#: so often the page waits for it, and offers no other way to pay meanwhile.
LOOKS = 5
LOOK = timedelta(seconds=2)
#: Seconds that a page with a script, which hears of the bank's report itself, does the same.
PATIENCE = 12

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.api_route("/{link}", methods=["GET", "HEAD"])
async def open_cashier(
    request: Request,
    link: str,
    doors: TheDoors,
    looked: Annotated[int, Query(ge=0, le=LOOKS)] = LOOKS,
) -> Response:
    """`looked`: how often this page has waited for the bank since the buyer came back from it."""
    if not purchases.is_id(link):
        return await exchange(request, doors, link, "pay")
    here = await visit(request, link, doors)
    if looked == 0 and (buyer := await guest(request, doors)):
        # At the bank's page the buyer may have let it remember something.
        await buyer.purse.ask()
    if looked < LOOKS and here.purchase.escrow.stage is Stage.PAYING:
        here = await look(request, here)
    return await show(here, looked=looked + 1)


async def look(request: Request, visit: Visit) -> Visit:
    """The same visit once the bank has reported, or a little later."""
    doors, purchase = visit.doors, visit.purchase
    with (
        contextlib.suppress(TooManyWaiting, Unavailable),
        doors.watch.place(purchase.id, purchase.merchant_id),
    ):
        change = doors.watch.changed(purchase.id, purchase.version, LOOK)
        await until_gone(request, change)
    return await visit.anew()


@router.post("/{escrow_id}/payment")
async def pay(
    visit: AVisit, form: OwnForm, choice: Annotated[str, Form(max_length=200)]
) -> Response:
    """To the bank's own page, or back with the reason why not."""
    buyer = await guest(visit.request, visit.doors)
    try:
        way = await choose(buyer, choice)
        this = visit.tried(form, "payment", f"{choice} {way.remembered}")
        url = await payment_page(
            visit.doors, visit.purchase, way.method, Party.BUYER, this, way.payer
        )
    except (Refusal, PaymentDeclined, UnknownPaymentMethod) as refusal:
        if buyer is not None and isinstance(refusal, PaymentDeclined):
            # Perhaps the bank does not keep any more what we thought it did.
            await buyer.purse.ask()
        return await show(await visit.anew(), no(refusal).text, 409)
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
        return await show(await visit.anew(), no(refusal).text, 409)
    return RedirectResponse(f"/pay/{visit.purchase.id}", 303)


async def show(
    visit: Visit, notice: str = "", status: int = 200, looked: int = LOOKS + 1
) -> Response:
    state = visit.purchase.escrow
    returned = looked <= LOOKS
    again = f"1;url=/pay/{visit.purchase.id}?looked={looked}" if returned else str(REFRESH)
    steps = await purchases.steps(visit.doors.engine, visit.purchase.id)
    response = page(
        "cashier.html",
        status,
        **await offer(visit),
        saved=await saved(await guest(visit.request, visit.doors)),
        purchase=visit.purchase,
        state=state,
        terms=state.terms,
        stage=state.stage.value,
        methods=METHODS,
        declined=timeline.why_declined(state.declined) if state.declined else "",
        ending=timeline.lines(steps, state.terms.currency)[-1].text,
        notice=notice,
        pay_form=visit.form("payment"),
        returned=returned,
        qr=qr(visit.doors.links.cashier(state.terms)),
        refresh=again if state.stage is Stage.PAYING else 0,
        here=f"/pay/{visit.purchase.id}",
        follow=changes(visit.purchase),
        patience=PATIENCE if returned else 0,
        sandbox=not visit.doors.livemode,
    )
    response.headers.update(safe_headers(bank_pages(visit.doors)))
    return response


def bank_pages(doors: Doors) -> tuple[str, ...]:
    """Where the payment form may end up: a bank's page, by https unless the bank is our own toy."""
    if doors.livemode:
        return ("https:",)
    return ("https:", doors.settings.bank_url, "http://127.0.0.1:*", "http://localhost:*")
