"""The codec server: decrypts payloads for the Temporal UI and CLI.

`POST …/decode` takes and answers `{"payloads": […]}`, Temporal's protocol buffers as JSON. Whoever
asks shows the operators' token: as `Authorization: Bearer …`, or, since the UI of a development
server can send no header of ours, as the first part of the address. Nothing is encrypted here:
the UI does not say for which purchase.
"""

import hmac
from collections.abc import Collection

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import Response
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException
from temporalio.api.common.v1 import Payloads

from vault.browsers import OnlyFrom
from vault.codec import PurchaseCodec
from vault.errors import VaultError
from vault.keys import Keys
from vault.problems import (
    MOST_BYTES,
    BodyTooLarge,
    MalformedBody,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    problem,
    unreadable,
)
from vault.ring import Ring

log = structlog.get_logger()


def codec_server(engine: AsyncEngine, ring: Ring, token: str, origins: Collection[str]) -> FastAPI:
    """`origins` are those of the Temporal UI's pages, like `http://127.0.0.1:8233`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OnlyFrom, origins=origins)
    app.exception_handler(Refused)(_refused)
    app.exception_handler(VaultError)(_unreadable)
    app.exception_handler(HTTPException)(_not_found)
    for silence in (SQLAlchemyError, OSError):
        app.exception_handler(silence)(_silent)
    codec = PurchaseCodec(Keys(engine, ring))

    @app.post("/decode")
    @app.post("/{shown}/decode")
    async def decode(request: Request, shown: str = "") -> Response:
        if not hmac.compare_digest((shown or _bearer(request)).encode(), token.encode()):
            raise Unauthenticated
        asked = _payloads(await _body(request))
        plain = Payloads(payloads=await codec.decode(asked.payloads))
        return Response(MessageToJson(plain), media_type="application/json")

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
        return {"status": "ok"}

    return app


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _body(request: Request) -> bytes:
    """Raises BodyTooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BodyTooLarge
    return bytes(body)


def _payloads(body: bytes) -> Payloads:
    """Raises MalformedBody."""
    try:
        return Parse(body, Payloads())
    except (ParseError, UnicodeDecodeError) as wrong:
        raise MalformedBody from wrong


async def _refused(_request: Request, refusal: Refused) -> Response:
    log.warning("refused", code=refusal.code)
    return problem(refusal)


async def _unreadable(_request: Request, error: VaultError) -> Response:
    log.warning("refused", code=error.code)
    return unreadable(error)


async def _not_found(_request: Request, _error: HTTPException) -> Response:
    return problem(NotFound())


async def _silent(_request: Request, error: Exception) -> Response:
    log.warning("postgres does not answer", error=type(error).__name__)
    return problem(Unavailable())
