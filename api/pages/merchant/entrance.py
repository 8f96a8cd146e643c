"""Signing in with an API key, and out again."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.auth import owner
from api.doors import Doors, TheDoors
from api.errors import InvalidApiKey, MissingScope
from api.pages.merchant import sessions
from api.pages.merchant.visitors import ENTRANCE, AVisit, cookie_name
from api.pages.rendering import page
from api.pages.visitors import OwnForm, is_https
from api.scopes import Scope

#: Whom the entrance's form is for, as nobody is signed in yet.
NOBODY = "nobody"
NOT_A_KEY = "This is not a live key of this installation."

router = APIRouter(prefix="/merchant", include_in_schema=False)


@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def entrance(doors: TheDoors) -> Response:
    return _entrance(doors)


@router.post("/sign-in")
async def sign_in(
    request: Request, doors: TheDoors, form: OwnForm, key: Annotated[str, Form(max_length=200)]
) -> Response:
    """The key itself is not kept: only that a browser was let in by it.

    Raises StaleForm, TooManyRequests.
    """
    doors.links.nonce_of(form, NOBODY, "sign-in")
    try:
        caller = await owner(doors, key.strip())
        caller.needs(Scope.KEYS)
    except InvalidApiKey:
        await doors.quotas.of_stranger(request)
        return _entrance(doors, NOT_A_KEY, 403)
    except MissingScope as refusal:
        return _entrance(doors, str(refusal), 403)
    response = RedirectResponse("/merchant", 303)
    response.set_cookie(
        cookie_name(doors),
        await sessions.begin(doors.engine, key.strip()),
        secure=is_https(doors),
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out")
async def sign_out(visit: AVisit, form: OwnForm) -> Response:
    visit.sent(form, "sign-out")
    await sessions.end(visit.doors.engine, visit.session)
    response = RedirectResponse(ENTRANCE, 303)
    response.delete_cookie(
        cookie_name(visit.doors), secure=is_https(visit.doors), httponly=True, samesite="lax"
    )
    return response


def _entrance(doors: Doors, notice: str = "", status: int = 200) -> Response:
    return page(
        "merchant_sign_in.html",
        status,
        form=doors.links.form(NOBODY, "sign-in", secrets.token_urlsafe(12)),
        notice=notice,
        mode="live" if doors.livemode else "test",
        refresh=0,
        sandbox=not doors.livemode,
    )
