"""A line to the API that loses things: a proxy between a real client and the real API."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: What can happen to one request; after the last one, everything goes through.
THROUGH, LOST, REFUSED, SILENT = "through", "lost", "refused", "silent"


@dataclass(slots=True)
class Line:
    """`fates` are what happens to the next requests, in order; an answer's text is sent instead.

    LOST: the API acts and answers, and the answer is lost. REFUSED: the request is lost.
    SILENT: the API acts, and nothing ever comes back. `sent` has the head of each request.
    """

    url: str
    fates: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def keys(self) -> list[str]:
        """Idempotency-Keys of the requests that were sent, in order."""
        return [
            line.split(": ", 1)[1]
            for head in self.sent
            for line in head.splitlines()
            if line.lower().startswith("idempotency-key")
        ]


@contextlib.asynccontextmanager
async def bad_line(api_url: str) -> AsyncIterator[Line]:
    api = urlsplit(api_url)
    held: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _message(reader)
        line.sent.append(request.decode().partition("\r\n\r\n")[0])
        fate = line.fates.pop(0) if line.fates else THROUGH
        if fate == SILENT:
            await _asked(api.hostname or "", api.port or 0, request)
            held.append(writer)
            return
        if fate in (THROUGH, LOST):
            answer = await _asked(api.hostname or "", api.port or 0, request)
            writer.write(answer if fate == THROUGH else b"")
        elif fate != REFUSED:
            writer.write(fate.encode())
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    line = Line(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        yield line
        for writer in held:
            writer.close()


def said(status: str, *headers: str, body: str = "") -> str:
    """An answer that is not the API's, such as a load balancer's."""
    length = f"content-length: {len(body)}"
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, length, "connection: close", "", body])


async def _asked(host: str, port: int, request: bytes) -> bytes:
    """What the API answers, to the end of the connection."""
    reader, writer = await asyncio.open_connection(host, port)
    head, _, body = request.partition(b"\r\n\r\n")
    kept = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
    writer.write(b"\r\n".join([*kept, b"connection: close"]) + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    return answer


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.decode().lower().splitlines():
        if line.startswith("content-length:"):
            length = int(line.split(":")[1])
    return head + await reader.readexactly(length)
