"""A page for whoever can't be shown the one they wanted."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from api.errors import DoorError, Unauthenticated
from api.middleware import request_id
from api.pages import refusals
from api.pages.merchant import refusals as merchant
from api.pages.merchant.visitors import ENTRANCE as CONSOLE
from api.pages.operator import refusals as operator
from api.pages.operator.visitors import ENTRANCE as DESK
from api.pages.refusals import No
from api.pages.rendering import page
from api.pages.wallet.visitors import ENTRANCE as WALLET
from api.problems import Problematic, problem_of


def apologise(request: Request, error: Problematic) -> Response:
    """`error` as a sentence, with its status; who is not signed in is led to where one does."""
    if isinstance(error, Unauthenticated):
        return RedirectResponse(_entrance(request.url.path), 303)
    problem = problem_of(error)
    said = _no(request.url.path, error)
    response = page(
        "failure.html",
        problem.status,
        title=said.title,
        detail=said.text,
        sandbox=not request.app.state.doors.livemode,
        request_id=request_id(request.scope),
        back=_way_back(request),
    )
    if isinstance(error, DoorError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _entrance(path: str) -> str:
    # A purchase's own page needs no account: only what it offers of the wallet does.
    return next((room for room in (DESK, CONSOLE) if room.leads_to(path)), WALLET).path


def _no(path: str, error: Problematic) -> No:
    """In the words of whoever is there."""
    if DESK.leads_to(path):
        return operator.no(error)
    return merchant.no(error) if CONSOLE.leads_to(path) else refusals.no(error)


def _way_back(request: Request) -> str:
    """The page of the purchase or dispute that it happened at, "" when there is none.

    What a form in a room was sent to has no page of its own: then it is the room's first.
    """
    path = request.url.path
    for name in ("escrow_id", "dispute_id"):
        if here := request.path_params.get(name):
            return f"{path.partition(here)[0]}{here}"
    if request.method in ("GET", "HEAD"):
        return ""
    return next((room.home for room in (DESK, CONSOLE) if room.leads_to(path)), "")
