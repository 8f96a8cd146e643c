"""Whatever goes wrong at a door becomes a problem document, or on a buyer's page a sentence."""

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from api import auth, pages
from api import errors as door
from api.answers import problem_answer, send
from api.middleware import dress, request_id
from api.operators import callers
from api.problems import Problematic, problem_of
from domain.errors import DomainError

#: A restarted PostgreSQL is back in a few seconds.
RETRY_AFTER = 2
#: More than a person reads; a hostile body may have thousands.
MOST_FLAWS = 20
LONGEST_POINTER = 200

#: SQLSTATEs of a connection that is lost, a server that stops or starts, and one that is full;
#: of a lock that others hold too long, a deadlock, and a server that can only be read just now.
AWAY = ("08", "57P", "53", "55P03", "40P01", "40001", "25006")
#: Of a NUL: PostgreSQL can't even look for it, so that nothing of ours has one in it.
NUL = "22021"

#: Routes that ask who is asking; a bank signs what it says instead.
WITH_CALLERS = {
    "/v1/escrows": auth.knock,
    "/v1/events": auth.knock,
    "/v1/webhook_endpoints": auth.knock,
    "/v1/disputes": callers.knock,
}

log = structlog.get_logger()

HTTP_ERRORS: dict[int, type[door.DoorError]] = {
    400: door.MalformedBody,
    404: door.NotFound,
    405: door.MethodNotAllowed,
    413: door.BodyTooLarge,
}


def install(app: FastAPI) -> None:
    """One place decides how every error leaves."""
    app.exception_handler(DomainError)(_known)
    app.exception_handler(door.DoorError)(_known)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(DBAPIError)(_database)
    for silence in (PoolTimeoutError, OSError):
        app.exception_handler(silence)(_silent)
    app.exception_handler(Exception)(_bug)


def say(request: Request, error: Problematic) -> Response:
    if request.url.path.startswith(pages.PREFIXES):
        return pages.apologise(request, error)
    response = send(problem_answer(request, error))
    if problem_of(error).status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, door.DoorError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _known(request: Request, error: DomainError | door.DoorError) -> Response:
    return say(request, error)


async def _invalid(request: Request, invalid: RequestValidationError) -> Response:
    found = invalid.errors()
    if any(flaw["type"] == "json_invalid" for flaw in found):
        return await _unreadable(request, door.MalformedBody())
    if any(isinstance(flaw.get("input"), bytes) and flaw["loc"] == ("body",) for flaw in found):
        return say(request, door.UnsupportedMediaType())
    flaws = tuple(_flaw(flaw["loc"], flaw["msg"]) for flaw in found[:MOST_FLAWS])
    return say(request, door.InvalidRequest(flaws=flaws))


def _flaw(loc: tuple[str | int, ...], message: str) -> door.Flaw:
    place, *path = (str(step).replace("~", "~0").replace("/", "~1") for step in loc)
    detail = message.removeprefix("Value error, ")
    if place == "body":
        pointer = "/".join(("#", *path))
        return door.Flaw(detail, pointer=pointer[:LONGEST_POINTER])
    return door.Flaw(detail, parameter="/".join(path)[:LONGEST_POINTER])


async def _unreadable(request: Request, error: door.DoorError) -> Response:
    """A body is read before anybody asks whose it is; who has to say who it is still has to."""
    route = getattr(request.scope.get("route"), "path", "")
    knock = next((who for at, who in WITH_CALLERS.items() if route.startswith(at)), None)
    try:
        if knock:
            await knock(request)
    except door.DoorError as stranger:
        return say(request, stranger)
    return say(request, error)


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code in (400, 413):
        return await _unreadable(request, HTTP_ERRORS[error.status_code]())
    response = say(request, HTTP_ERRORS.get(error.status_code, door.InvalidRequest)())
    response.headers.update(error.headers or {})
    route = getattr(request.scope.get("route"), "path", "")
    if "Allow" in response.headers and (methods := request.app.openapi()["paths"].get(route)):
        # The router names the methods of one route; an address may have several.
        response.headers["Allow"] = ", ".join(sorted(method.upper() for method in methods))
    return response


async def _database(request: Request, error: DBAPIError) -> Response:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == NUL:
        return say(request, door.InvalidRequest("it must not contain NUL"))
    gone = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return await (_silent if gone or state.startswith(AWAY) else _bug)(request, error)


async def _silent(request: Request, error: Exception) -> Response:
    log.warning(
        "postgres does not answer", request_id=request_id(request.scope), error=type(error).__name__
    )
    silence = door.Unavailable("the database does not answer", retry_after=RETRY_AFTER)
    return say(request, silence)


async def _bug(request: Request, error: Exception) -> Response:
    """The server's outermost layer answers this one, so nobody else adds our headers."""
    log.error("a bug", request_id=request_id(request.scope), exc_info=error)
    response = say(request, door.InternalError())
    dress(request.scope, response.headers, request.app.state.headers)
    return response
