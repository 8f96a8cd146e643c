"""`./dev listen [--forward URL]`: hear what a merchant is told, each notice verified.

A webhook endpoint of the merchant's own, on this machine, for as long as the command runs. With
`--forward` its answer is the target's; without, every verified notice is answered 204.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx2
import uvicorn
from fastapi import FastAPI, Request, Response
from rich.console import Console

from danbao_client import (
    DanbaoError,
    EscrowEvent,
    NotVerified,
    PayoutEvent,
    UnreadableAnswer,
    verify_webhook,
)
from runtime.embedded.places import LOOPBACK, free_ports
from runtime.engineer.access import Access, run

#: Seconds; Danbao itself waits for 15.
PATIENCE = 14
#: What a target has to see to verify a notice by itself.
PASSED_ON = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
NOBODY = 502


@dataclass(slots=True)
class Ear:
    """Hears at `url`. `secret` is known once Danbao knows the address."""

    url: str
    forward: str
    console: Console
    http: httpx2.AsyncClient
    secret: str = field(default="", repr=False)

    async def hear(self, request: Request) -> Response:
        body, at = await request.body(), time.monotonic()
        try:
            event = verify_webhook(body, request.headers, self.secret)
        except (NotVerified, UnreadableAnswer) as wrong:
            self.console.print(f"{_now()}  [bold red]not verified[/]  {wrong}")
            return Response(status_code=401)
        about = ""
        if isinstance(event, EscrowEvent):
            about = f"{event.escrow.order_id} no. {event.sequence}"
        elif isinstance(event, PayoutEvent):
            about = f"payout of {event.payout.day} no. {event.sequence}"
        status, words = await self._passed_on(body, request)
        spent = int((time.monotonic() - at) * 1000)
        colour = "green" if 200 <= status < 300 else "red"
        self.console.print(
            f"{_now()}  [green]verified[/]  [bold]{event.type}[/]  {about}  {event.id}"
            f"  [{colour}]{words}[/] in {spent} ms"
        )
        return Response(status_code=status)

    async def _passed_on(self, body: bytes, request: Request) -> tuple[int, str]:
        """The status to answer with, and what a person should read of it."""
        if not self.forward:
            return 204, "answered 204"
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        try:
            said = await self.http.post(self.forward, content=body, headers=headers)
        except httpx2.HTTPError as silence:
            return NOBODY, f"{self.forward}: {type(silence).__name__}, answered {NOBODY}"
        return said.status_code, f"{self.forward} answered {said.status_code}"


@asynccontextmanager
async def serving(ear: Ear, port: int) -> AsyncIterator[None]:
    """The ear hears at `port` of this machine inside."""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/", ear.hear, methods=["POST"])
    server = Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has a flag, no event)
        await asyncio.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        await running


class Server(uvicorn.Server):
    """Ctrl-C is ours: the endpoint has to be deleted while the loop still runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def endpoint(access: Access, ear: Ear) -> AsyncIterator[None]:
    """The merchant is told at the ear's address inside. Raises DanbaoError."""
    hooks = access.danbao(ear.http).webhook_endpoints
    made = await hooks.create(ear.url, description="./dev listen")
    ear.secret = made.secret
    try:
        yield
    finally:
        try:
            await hooks.delete(made.id)
        except DanbaoError:
            # It fails its tries from now on, until they are given up.
            ear.console.print(f"[yellow]nobody answers: {made.id} could not be deleted[/]")


async def listen(access: Access, forward: str, port: int, console: Console) -> None:
    """Until somebody presses Ctrl-C. Raises DanbaoError."""
    [free] = free_ports(port)
    enough = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, enough.set)
    async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        ear = Ear(f"http://{LOOPBACK}:{free}/", forward, console, http)
        async with serving(ear, free), endpoint(access, ear):
            console.print(f"secret    {ear.secret}")
            console.print(f"heard at  {ear.url}")
            if forward:
                console.print(f"passed on to {forward}, which verifies with the same secret")
            console.print("Ctrl-C ends it.\n")
            await enough.wait()


def _now() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")


def main(arguments: list[str]) -> int:
    """`FORWARD PORT`: "" and 0 for none."""
    forward, port = arguments
    console = Console(highlight=False, soft_wrap=True)
    return run(lambda access: listen(access, forward, int(port), console))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
