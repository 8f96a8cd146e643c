"""`/wallet/methods`: what banks keep for the buyer to pay with."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.languages import _
from api.pages.visitors import OwnForm
from api.pages.wallet.visitors import ENTRANCE, AVisit, Visit
from banks.port import OutcomeUnknown

PATH = f"{ENTRANCE.home}/methods"

router = APIRouter(prefix=PATH, include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def kept(visit: AVisit) -> Response:
    """The banks are asked, a few seconds at most; what a silent one kept before is shown."""
    return await _shown(visit)


@router.post("/{method_id}/removal")
async def remove(visit: AVisit, method_id: str, form: OwnForm) -> Response:
    """The bank forgets it first. Gone already is gone."""
    visit.nonce(form, f"remove {method_id}")
    one = await visit.purse.one(method_id)
    if one is not None:
        try:
            await visit.purse.drop(one)
        except OutcomeUnknown:
            said = _("The bank has not answered, so we don't know whether it still keeps this."
                     " Please try again in a moment.")  # fmt: skip
            return await _shown(visit, said, 503)
    return RedirectResponse(PATH, 303)


async def _shown(visit: Visit, notice: str = "", status: int = 200) -> Response:
    heard = await visit.purse.ask()
    found = await visit.purse.kept()
    return visit.page(
        "wallet_methods.html",
        status,
        room="methods",
        here=PATH,
        notice=notice,
        heard=heard,
        methods=found,
        forms={one.id: visit.form(f"remove {one.id}") for one in found},
    )
