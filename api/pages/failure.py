"""A page for whoever can't be shown the one they wanted."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from api.errors import DoorError, Unauthenticated
from api.middleware import request_id
from api.pages.merchant.visitors import ENTRANCE
from api.pages.rendering import page
from api.problems import Problematic, problem_of


def apologise(request: Request, error: Problematic) -> Response:
    """`error` as a sentence, with its status; who is not signed in is led to where one does."""
    if isinstance(error, Unauthenticated):
        return RedirectResponse(ENTRANCE, 303)
    problem = problem_of(error)
    response = page(
        "failure.html",
        problem.status,
        title=problem.title,
        detail=str(error) or problem.advice,
        sandbox=not request.app.state.doors.livemode,
        request_id=request_id(request.scope),
        back=_way_back(request),
    )
    if isinstance(error, DoorError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _way_back(request: Request) -> str:
    """The page of the purchase that it happened at, "" when there is none."""
    escrow_id = request.path_params.get("escrow_id")
    return f"/{request.url.path.split('/')[1]}/{escrow_id}" if escrow_id else ""
