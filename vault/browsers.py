"""Which web pages may ask: those of the Temporal UI. What is no browser names no origin."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault.problems import ForeignOrigin, problem

#: Seconds for which a browser need not ask again whether it may.
REMEMBERED = "600"
#: What the UI sends beyond what every page may.
HEADERS = "authorization, authorization-extras, content-type, x-namespace"


class OnlyFrom:
    """CORS for these origins; a request of any other page is refused before it is read."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif origin not in self._origins:
            await problem(ForeignOrigin())(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _allowed(origin)(scope, receive, send)
        else:
            await self._app(scope, receive, _dressed(send, origin))


def _allowed(origin: str) -> Response:
    """What a browser wants to hear before it sends the request itself."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": HEADERS,
            "Access-Control-Max-Age": REMEMBERED,
            "Vary": "Origin",
        },
    )


def _dressed(send: Send, origin: str) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Vary"] = "Origin"
        await send(message)

    return dressed
