"""Signing in with an API key, and out again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.auth import owner
from api.doors import Doors, TheDoors
from api.errors import InvalidApiKey, MissingScope
from api.languages import N_, gettext
from api.pages.merchant import sessions
from api.pages.merchant.visitors import ENTRANCE, AVisit
from api.pages.visitors import OwnForm
from api.scopes import Scope

NOT_A_KEY = N_("This key opens nothing here: check that it is whole, and not revoked.")
NOT_FOR_HERE = N_("This key has no scope `keys`: sign in with one that has it.")

router = APIRouter(prefix=ENTRANCE.home, include_in_schema=False)


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
    ENTRANCE.sent(doors, form)
    try:
        caller = await owner(doors, key.strip())
        caller.needs(Scope.KEYS)
    except InvalidApiKey:
        await doors.quotas.of_stranger(request)
        return _entrance(doors, gettext(NOT_A_KEY), 403)
    except MissingScope:
        return _entrance(doors, gettext(NOT_FOR_HERE), 403)
    return ENTRANCE.let_in(doors, await sessions.begin(doors.engine, key.strip()))


@router.post("/sign-out")
async def sign_out(visit: AVisit, form: OwnForm) -> Response:
    visit.nonce(form, "sign-out")
    await sessions.CONSOLE.end(visit.doors.engine, visit.session.id)
    return ENTRANCE.let_out(visit.doors)


def _entrance(doors: Doors, notice: str = "", status: int = 200) -> Response:
    return ENTRANCE.shown(doors, notice, status, mode="live" if doors.livemode else "test")
