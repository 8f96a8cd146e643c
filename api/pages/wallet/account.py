"""`/wallet/account`: leaving, on this device, on all of them, or for good."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.languages import _
from api.pages.visitors import OwnForm
from api.pages.wallet.visitors import ENTRANCE, AVisit, Visit, leave
from api.wallet import accounts

PATH = f"{ENTRANCE.home}/account"

router = APIRouter(prefix=PATH, include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def account(visit: AVisit) -> Response:
    return _shown(visit)


@router.post("/deletion")
async def delete(
    request: Request,
    visit: AVisit,
    form: OwnForm,
    typed: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """It can't be undone, so the buyer types the address. Purchases stay what they are."""
    visit.nonce(form, "deletion")
    if typed.strip().lower() != visit.account.email:
        return _shown(visit, _("That is not this wallet's address. Nothing was deleted."), 422)
    await accounts.close(visit.doors.engine, visit.account)
    visit.wallet.leavers.ring()
    return leave(request, visit.doors)


def _shown(visit: Visit, notice: str = "", status: int = 200) -> Response:
    return visit.page(
        "wallet_account.html",
        status,
        room="account",
        here=PATH,
        notice=notice,
        everywhere_form=visit.form("sign-out-everywhere"),
        deletion_form=visit.form("deletion"),
    )
