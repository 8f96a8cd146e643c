"""Around every request: its id, a bound on its body, safe headers, one log line, one count.

Addresses are never logged, only the route's pattern: a buyer's link is in its path.
"""

import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPMethod, HTTPStatus

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

LONGEST_BODY = 64 * 1024
#: Where evidence comes: a file of 5 MB in a form, on pages three of them at once.
ROOM = 512 * 1024
LONGER = (
    (re.compile(r"/v1/escrows/[^/]+/dispute/evidence"), 5 * 1024 * 1024 + ROOM),
    (re.compile(r"(/merchant)?/orders/[^/]+/(problem|evidence|contest)"), 15 * 1024 * 1024 + ROOM),
)
REQUEST_ID = "X-Request-Id"
#: What answers called it first; programs may rely on it.
ALSO_REQUEST_ID = "Request-Id"
NO_ROUTE = "none"
#: Each label is kept for ever, and a method can be any word.
METHODS = frozenset(HTTPMethod)
OTHER = "other"

#: An id from outside is taken when it can be one, and can't be mistaken for anything else in a log.
_WELL_FORMED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{6,62})[A-Za-z0-9]")
_ID = "danbao.request_id"
_HEADERS = "danbao.headers"
log = structlog.get_logger()


def request_id(scope: Scope) -> str:
    """The id of this request: in its answer's header, in its problem and in its log line."""
    return str(scope[_ID])


def numbered(scope: Scope) -> str:
    """The id that the caller gave to its request, if it is well-formed; else a new one."""
    given = Headers(scope=scope).getlist(REQUEST_ID)
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return given[0]
    return f"req_{uuid7().hex}"


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Let the answer to this request have these, whether it succeeds or not."""
    scope.setdefault(_HEADERS, {}).update(headers)


def dress(scope: Scope, headers: MutableHeaders, usual: Mapping[str, str]) -> None:
    """What every answer has: the request's id, what was said about it, and the `usual` headers."""
    for name in (REQUEST_ID, ALSO_REQUEST_ID):
        headers[name] = request_id(scope)
    headers.update(scope.get(_HEADERS, {}))
    for name, value in usual.items():
        headers.setdefault(name, value)


def safe_headers(form_targets: Sequence[str]) -> dict[str, str]:
    """What keeps a browser from doing what a page did not ask for.

    `form_targets` are the origins that a form may lead to besides our own: browsers hold
    `form-action` against the redirect to a bank's page too.
    """
    policy = (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        " ".join(("form-action 'self'", *form_targets)),
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }


def longest_body(scope: Scope) -> int:
    """How many bytes a request may bring to this address."""
    path = str(scope.get("path", ""))
    return next((most for which, most in LONGER if which.fullmatch(path)), LONGEST_BODY)


class BodyLimit:
    """Stops reading a body after as many bytes as its address takes, whatever it declared."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, most = 0, longest_body(scope)

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, bounded, send)


class Envelope:
    """Numbers a request, dresses its answer, then logs and counts it."""

    def __init__(
        self, app: ASGIApp, headers: Mapping[str, str], registry: CollectorRegistry
    ) -> None:
        self._app = app
        self._headers = headers
        self._seconds = Histogram(
            "danbao_http_request_seconds",
            "Requests answered, by route, method and status.",
            ["route", "method", "status"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_ID] = numbered(scope)
        began, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                dress(scope, MutableHeaders(scope=message), self._headers)
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        finally:
            self._noted(scope, status, time.perf_counter() - began)

    def _noted(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._seconds.labels(route, method, status).observe(seconds)
        log.info(
            "request",
            request_id=request_id(scope),
            method=scope["method"],
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )
