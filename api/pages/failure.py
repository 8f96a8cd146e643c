"""A page for whoever can't be shown the one they wanted."""

from fastapi import Request
from fastapi.responses import Response

from api.errors import DoorError
from api.middleware import request_id
from api.pages.rendering import page
from api.problems import Problematic, problem_of


def apologise(request: Request, error: Problematic) -> Response:
    """`error` as a sentence, with its status."""
    problem = problem_of(error)
    response = page(
        "failure.html",
        problem.status,
        title=problem.title,
        detail=str(error) or problem.advice,
        sandbox=not request.app.state.doors.livemode,
        request_id=request_id(request.scope),
    )
    if isinstance(error, DoorError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
