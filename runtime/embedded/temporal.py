"""Temporal's development server as a child of ours: one process, SQLite, with its UI."""

import os
from collections.abc import Mapping
from pathlib import Path

from temporalio.client import Client
from temporalio.converter import PayloadCodec
from temporalio.service import RPCError

from runtime.embedded.finder import find_temporal
from runtime.embedded.places import LOOPBACK, free_ports, inherited
from runtime.embedded.process import Process
from runtime.temporal import connect

#: What an operator filters purchases by; the compose file registers the same ones.
SEARCH_ATTRIBUTES = {
    "MerchantId": "Keyword",
    "OrderId": "Keyword",
    "Currency": "Keyword",
    "EscrowStage": "Keyword",
    "AmountMinor": "Int",
}
#: The first three: start → paid p50 60 → 20 ms at 25/s (the defaults are for a shared database).
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.visibilityProcessorMaxPollRPS": "1000",
    # One busy merchant must not make the others wait for the bank.
    "matching.enableFairness": "true",
}
TIME_SKIPPING = {"frontend.WorkflowTimeSkippingEnabled": "true"}
#: WAL and NORMAL survive kill -9 of the server; without them everything takes twice as long.
PRAGMAS = ("journal_mode=wal", "synchronous=normal")


class TemporalServer:
    """One server with its data in `home`; `keep=False` forgets everything when it ends.

    Its UI sends what is encrypted to `codec_endpoint`, where one is given.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        ui_port: int = 0,
        codec_endpoint: str = "",
        keep: bool = True,
        dynamic_config: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self.port, self.ui_port, *inner = free_ports(port, ui_port, 0, 0)
        self.process = Process(
            name="temporal",
            argv=[
                *(str(find_temporal().path), "server", "start-dev", "--ip", LOOPBACK),
                *("--port", str(self.port), "--ui-port", str(self.ui_port)),
                *("--http-port", str(inner[0]), "--metrics-port", str(inner[1])),
                *("--ui-disable-news-fetch", "--log-format", "json", "--log-level", "warn"),
                *(("--ui-codec-endpoint", codec_endpoint) if codec_endpoint else ()),
                *(self._storage() if keep else ()),
                *_repeated("--search-attribute", SEARCH_ATTRIBUTES),
                *_repeated("--dynamic-config-value", {**DYNAMIC_CONFIG, **(dynamic_config or {})}),
            ],
            env=inherited(os.environ),
            cwd=Path("/"),
            log=log or self.home / "temporal.log",
        )

    @property
    def address(self) -> str:
        """`host:port` of the gRPC door, as TEMPORAL_ADDRESS wants it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ui_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ui_port}"

    async def start(self) -> None:
        """Start it and wait until it takes calls. Raises DidNotStart."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.process.start()
        await self.process.ready(self._answers)

    async def stop(self) -> None:
        await self.process.stop()

    async def client(self, role: str, codec: PayloadCodec | None = None) -> Client:
        return await connect(role, address=self.address, codec=codec)

    async def _answers(self) -> bool:
        try:
            client = await self.client("ready?")
            await client.count_workflows("MerchantId = 'nobody'")
        except (RuntimeError, RPCError):
            return False
        return True

    def _storage(self) -> list[str]:
        pragmas = [word for pragma in PRAGMAS for word in ("--sqlite-pragma", pragma)]
        return ["--db-filename", str(self.home / "temporal.db"), *pragmas]


def _repeated(flag: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (flag, f"{name}={value}")]
