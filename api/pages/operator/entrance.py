"""Signing in with a password, and out again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.doors import TheDoors
from api.languages import _
from api.operators import sessions
from api.pages.operator.visitors import ENTRANCE, AVisit
from api.pages.visitors import OwnForm

router = APIRouter(prefix=ENTRANCE.home, include_in_schema=False)


@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def entrance(doors: TheDoors) -> Response:
    return ENTRANCE.shown(doors)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    doors: TheDoors,
    form: OwnForm,
    login: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=200)],
) -> Response:
    """Raises StaleForm, TooManyRequests."""
    ENTRANCE.sent(doors, form)
    # Before the password is looked at, which is slow on purpose: right ones count, too.
    await doors.quotas.of_stranger(request)
    token = await sessions.begin(doors.engine, login.strip(), password)
    if token is None:
        # Which of the two is wrong is not said.
        return ENTRANCE.shown(doors, _("This login and password let nobody in."), 403)
    return ENTRANCE.let_in(doors, token)


@router.post("/sign-out")
async def sign_out(visit: AVisit, form: OwnForm) -> Response:
    visit.nonce(form, "sign-out")
    await sessions.end(visit.doors.engine, visit.session)
    return ENTRANCE.let_out(visit.doors)
