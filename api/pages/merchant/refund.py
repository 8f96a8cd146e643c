"""`/merchant/orders/{id}/refund`: the merchant gives money back, before the release or after it."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from api.languages import _
from api.pages.amounts import NotAnAmount, as_typed, typed
from api.pages.merchant.order import ADesk, Desk
from api.pages.merchant.refusals import no
from api.pages.visitors import OwnForm
from api.problems import problem_of
from api.refunds import give_back, refundable
from api.scopes import Scope
from domain.errors import Refusal
from domain.states import Party

router = APIRouter(prefix="/merchant/orders/{escrow_id}/refund", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def open_refund(desk: ADesk) -> Response:
    """Raises MissingScope."""
    desk.visit.needs(Scope.REFUNDS)
    return _page(desk) if refundable(desk.purchase) else desk.back()


@router.post("")
async def refund(
    desk: ADesk, form: OwnForm, amount: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Raises MissingScope, StaleForm."""
    desk.visit.needs(Scope.REFUNDS)
    this, purchase = desk.tried(form, "refund"), desk.purchase
    try:
        back = typed(amount, purchase.escrow.terms.currency)
        await give_back(desk.visit.doors, purchase, back, Party.MERCHANT, this)
    except NotAnAmount:
        return _page(desk, amount, _("That is no amount. Nothing was given back."), 422)
    except Refusal as refusal:
        status = problem_of(refusal).status
        return _page(await desk.anew(), amount, no(refusal).text, status)
    return desk.back()


def _page(desk: Desk, amount: str = "", notice: str = "", status: int = 200) -> Response:
    most, terms = refundable(desk.purchase), desk.purchase.escrow.terms
    return desk.page(
        "merchant_refund.html",
        "refund",
        notice,
        status,
        most=most,
        amount=amount or as_typed(most, terms.currency),
        whole=desk.purchase.escrow.frozen_only,
    )
