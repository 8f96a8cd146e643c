"""The door through which operators look at a process that serves no HTTP otherwise."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

LONGEST_REQUEST = 8192
PATIENCE = 5.0


@contextlib.asynccontextmanager
async def health_door(host: str, port: int, ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Serve `GET /healthz` (200, or 503 while `ready` says no) and `GET /metrics` meanwhile."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            TimeoutError, ConnectionError, EOFError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(PATIENCE):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(request, ready))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, host, port, limit=LONGEST_REQUEST)
    async with server:
        yield


def _response(request: bytes, ready: Callable[[], bool]) -> bytes:
    match request.split()[:2]:
        case [b"GET", b"/healthz"]:
            return _message("200 OK", b"ok\n") if ready() else _message("503 Not Ready", b"no\n")
        case [b"GET", b"/metrics"]:
            return _message("200 OK", generate_latest(), CONTENT_TYPE_LATEST)
        case _:
            return _message("404 Not Found", b"/healthz or /metrics\n")


def _message(status: str, body: bytes, content_type: str = "text/plain; charset=utf-8") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
