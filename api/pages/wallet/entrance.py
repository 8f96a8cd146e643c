"""In by a link that comes by e-mail, and out again. Looking at a link uses nothing up."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.doors import Doors, TheDoors
from api.languages import _, spoken
from api.pages.entrances import NOBODY
from api.pages.rendering import page
from api.pages.visitors import OwnForm
from api.pages.wallet.visitors import ENTRANCE, AVisit, TheWallet, leave
from api.wallet import accounts, addresses, entrances
from api.wallet.accounts import SESSIONS
from api.wallet.entrances import OPENS

MINUTES = int(OPENS.total_seconds()) // 60

router = APIRouter(prefix=ENTRANCE.home, include_in_schema=False)


@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def entrance(
    doors: TheDoors, _wallet: TheWallet, sent: Annotated[bool, Query()] = False
) -> Response:
    return _shown(doors, sent=sent)


@router.post("/sign-in")
async def ask_for_a_link(
    request: Request,
    doors: TheDoors,
    wallet: TheWallet,
    form: OwnForm,
    email: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """The same answer, as fast, whether or not the address has an account.

    Raises StaleForm, TooManyRequests.
    """
    ENTRANCE.sent(doors, form)
    try:
        address = addresses.normalised(email)
    except addresses.NotAnAddress:
        return _shown(doors, notice=_("That is not an e-mail address."), status=422, email=email)
    await doors.quotas.of_asker(request)
    await doors.quotas.of_mailbox(request, wallet.recognition.digest(address).hex())
    await entrances.ask(doors.engine, address, spoken().tag)
    wallet.mails.ring()
    return RedirectResponse(f"{ENTRANCE.path}?sent=true", 303)


@router.api_route("/link/{token}", methods=["GET", "HEAD"])
async def look_at_link(doors: TheDoors, wallet: TheWallet, token: str) -> Response:
    """Mail scanners look at links, so only the button opens."""
    entrance_id = wallet.links.id_of(token)
    email = await entrances.whose(doors.engine, entrance_id) if entrance_id else None
    if entrance_id is None or email is None:
        return _over(doors)
    return page(
        "wallet_link.html",
        email=email,
        action=f"{ENTRANCE.home}/link/{token}",
        form=doors.links.form(entrance_id, "open", NOBODY),
        refresh=0,
        sandbox=not doors.livemode,
    )


@router.post("/link/{token}")
async def open_by_link(
    request: Request, doors: TheDoors, wallet: TheWallet, token: str, form: OwnForm
) -> Response:
    """Raises StaleForm, TooManyRequests."""
    entrance_id = wallet.links.id_of(token)
    if entrance_id is None:
        await doors.quotas.of_stranger(request)
        return _over(doors)
    doors.links.nonce_of(form, entrance_id, "open")
    session = await accounts.begin(doors.engine, entrance_id)
    return _over(doors) if session is None else ENTRANCE.let_in(doors, session)


@router.post("/sign-out")
async def sign_out(request: Request, visit: AVisit, form: OwnForm) -> Response:
    visit.nonce(form, "sign-out")
    await SESSIONS.end(visit.doors.engine, visit.session.id)
    return leave(request, visit.doors)


@router.post("/sign-out-everywhere")
async def sign_out_everywhere(request: Request, visit: AVisit, form: OwnForm) -> Response:
    visit.nonce(form, "sign-out-everywhere")
    await accounts.sign_out_everywhere(visit.doors.engine, visit.account)
    return leave(request, visit.doors)


def _shown(
    doors: Doors, *, sent: bool = False, notice: str = "", status: int = 200, email: str = ""
) -> Response:
    return ENTRANCE.shown(
        doors, notice, status, sent=sent, email=email, minutes=MINUTES, here=ENTRANCE.path
    )


def _over(doors: Doors) -> Response:
    """For a link that was used, is too old, not the newest, or none of ours."""
    said = _("This link does not open the wallet any more: it works once, for a while, and only if"
             " it is the newest. Please ask for another one.")  # fmt: skip
    return _shown(doors, notice=said, status=410)
