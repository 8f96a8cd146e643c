"""`python -m api`: the doors as a process. SIGTERM lets what is under way finish."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence

import httpx2
import uvicorn
from fastapi import FastAPI
from temporalio.client import Interceptor

from api.app import create_app
from banks.rest import RestBank
from runtime.database import engine
from runtime.settings import Settings
from runtime.telemetry import configure_logging
from runtime.temporal import connect
from vault.codec import PurchaseCodec
from vault.keys import Keys

#: The slowest command (`api/trade.py`) is over by then.
GRACE = 30


class Server(uvicorn.Server):
    """Sends long polls home when the process is told to leave, and ends with 0."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._watch = app.state.doors.watch

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again afterwards, so that leaving looks like dying."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watch.stop()
        await super().shutdown(sockets)


async def serve(settings: Settings, *, interceptors: Sequence[Interceptor] = ()) -> None:
    pool = engine(settings.database_url, pool_size=settings.database_pool_size)
    codec = PurchaseCodec(Keys(pool, settings.ring))
    client = await connect("api", lazy=True, codec=codec, interceptors=interceptors)
    bank_line = httpx2.AsyncClient(base_url=settings.bank_url)
    bank = RestBank(bank_line, settings.bank_api_key.get_secret_value())
    app = create_app(settings, pool, client, {"sandbox": bank.keeper})
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        # Its own lines have addresses in them, and a buyer's link is an address.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    try:
        await Server(app, config).serve()
    finally:
        await bank_line.aclose()
        await pool.dispose()


def main() -> None:
    settings = Settings()
    configure_logging("api", settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
