"""A purchase whose link a buyer holds goes into the wallet, whatever address the shop was told."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.pages.visitors import OwnForm
from api.pages.visitors import Visit as Holder
from api.pages.visitors import visit as holder
from api.pages.wallet.visitors import AVisit, guest

router = APIRouter(include_in_schema=False)


@router.post("/pay/{escrow_id}/wallet")
@router.post("/orders/{escrow_id}/wallet")
async def keep(
    request: Request, here: Annotated[Holder, Depends(holder)], buyer: AVisit, form: OwnForm
) -> Response:
    """Raises StaleForm, and Unauthenticated, which leads to the wallet's entrance."""
    here.tried(form, "wallet")
    await buyer.shelf.keep(here.purchase.id)
    return RedirectResponse(request.url.path.removesuffix("/wallet"), 303)


async def offer(here: Holder) -> dict[str, object]:
    """What the page of a purchase shows of the wallet: `wallet` is "" where there is none.

    Else `away` (nobody is signed in), `kept`, or `offered`, with a form to keep it.
    """
    if here.doors.wallet is None:
        return {"wallet": "", "wallet_form": ""}
    buyer = await guest(here.request, here.doors)
    if buyer is None:
        return {"wallet": "away", "wallet_form": ""}
    if await buyer.shelf.has(here.purchase.id):
        return {"wallet": "kept", "wallet_form": ""}
    return {"wallet": "offered", "wallet_form": here.form("wallet")}
