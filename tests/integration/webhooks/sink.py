"""A merchant's server: takes what comes over a real socket, and answers as a test says."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, as it came over the wire; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} As Told", f"content-length: {len(body)}", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body


@dataclass(slots=True)
class Sink:
    """`says` is what it answers, the last one for ever; b"" hangs up without a word.

    `decides` takes its place: it is asked what to answer to each request, and may take its time.
    """

    port: int = 0
    says: list[bytes] = field(default_factory=lambda: [OK])
    decides: Callable[[Heard], Awaitable[bytes]] | None = None
    #: Seconds before it answers.
    slow: float = 0
    #: Keeps the connection open and sends nothing more after what it says.
    dawdles: bool = False
    #: Answers before it has heard a word.
    deaf: bool = False
    heard: list[Heard] = field(default_factory=list)
    spoken_to: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/hooks?of=ours"

    async def answer_to(self, heard: Heard) -> bytes:
        if self.decides:
            return await self.decides(heard)
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError):
            while True:
                heard = Heard("", "", {}, b"")
                if self.deaf:
                    await reader.read(1)
                else:
                    heard = await _request(reader)
                    self.heard.append(heard)
                self.spoken_to.set()
                await asyncio.sleep(self.slow)
                said = await self.answer_to(heard)
                writer.write(said)
                await writer.drain()
                if not said:
                    break
                if self.dawdles:
                    await asyncio.sleep(30)


@contextlib.asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Sink]:
    sink = Sink()
    under_way: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(sink.serve(reader, writer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    server = await asyncio.start_server(accept, LOOPBACK, port, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    method, path, _ = head[0].split()
    named = (line.partition(":") for line in head[1:-1])
    headers = {name.lower(): value.strip() for name, _, value in named}
    return Heard(
        method, path, headers, await reader.readexactly(int(headers.get("content-length", 0)))
    )
