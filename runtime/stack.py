"""All of Danbao on one machine, each part a real process: for the demo and for crash tests.

    postgres → schema → temporal → bank → mailbox → api → worker(s) → codec
    (→ shop, once it has a merchant)

Parts keep their ports, secrets and data when they are killed and started again. A server that the
environment names (DATABASE_URL, TEMPORAL_ADDRESS) is used as it is, never started or stopped.
"""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import httpx2

from runtime.beside import leave_word
from runtime.database import migrate
from runtime.embedded.places import (
    LOOPBACK,
    free_ports,
    own_folder,
    postgres_home,
    remove_state,
)
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.process import Process
from runtime.embedded.temporal import TemporalServer
from runtime.settings import speaks_asyncpg
from runtime.whereabouts import (
    Ports,
    Secrets,
    Whereabouts,
    app_environment,
    bank_environment,
    codec_environment,
    mailbox_environment,
    named,
    shop_environment,
)

ROOT = Path(__file__).parents[1]
OURS, OWNER, APP = "danbao", "danbao_owner", "danbao_app"
BANK = "sandbox_bank"

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A process and how it comes up: `start` returns when it is ready."""

    process: Process
    start: Callable[[], Awaitable[None]]


class Stack:
    """The whole service with its state in `home`: `async with stack.running()`.

    `at` says where everything is. `extra` adds to the environment of a kind of part: "bank",
    "mailbox", "api", "worker" or "codec"; `instead` names a module that runs in its place. Raises
    DidNotStart, NotFound and MissingSetting with words for people.
    """

    def __init__(
        self,
        home: Path,
        *,
        ports: Ports | None = None,
        workers: int = 1,
        extra: Mapping[str, Mapping[str, str]] | None = None,
        instead: Mapping[str, str] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home.resolve()
        self.logs = self.home / "logs"
        self.parts: dict[str, Part] = {}
        self.secrets = Secrets.kept_in(self.home / "secrets.json")
        self._extra = extra or {}
        self._instead = instead or {}
        wanted = ports or Ports()
        api_port, bank_port, shop_port = free_ports(wanted.api, wanted.bank, wanted.shop)
        codec_port, mailbox_port, smtp_port = free_ports(wanted.codec, wanted.mailbox, 0)
        self._codec_endpoint = f"http://{LOOPBACK}:{codec_port}/{self.secrets.codec}"
        self._postgres = None if "DATABASE_URL" in environ else self._embedded_postgres()
        self._temporal = None if "TEMPORAL_ADDRESS" in environ else self._embedded_temporal(wanted)
        self.at = Whereabouts(
            *self._database_urls(environ),
            *self._temporal_doors(environ),
            api_port=api_port,
            bank_port=bank_port,
            shop_port=shop_port,
            codec_port=codec_port,
            mailbox_port=mailbox_port,
            smtp_port=smtp_port,
            evidence_dir=self.home / "evidence",
        )
        self._add_our_own(workers)

    @contextlib.asynccontextmanager
    async def running(self, told: Told = lambda _name: None) -> AsyncIterator[Self]:
        """Everything is up inside, and down afterwards, whatever happened inside."""
        await self.start_all(told)
        try:
            yield self
        finally:
            await self.stop()

    async def start_all(self, told: Told = lambda _name: None) -> None:
        """Bring everything up in order; `told` hears each name before it is waited for.

        What came up is stopped again when a later part does not.
        """
        try:
            if self._postgres:
                told("postgres")
                await self.start("postgres")
                await self._make_databases(self._postgres)
            told("schema")
            await migrate(self.at.owner_url)
            operators = {"DANBAO_MIGRATION_URL": self.at.owner_url}
            leave_word(self.home, {**self.parts["api"].process.env, **operators})
            for name in [name for name in self.parts if name != "postgres"]:
                told(name)
                await self.start(name)
        except BaseException:
            await self.stop()
            raise

    async def start(self, name: str) -> None:
        """Start one part, again or for the first time, and wait until it is ready."""
        await self.parts[name].start()

    async def open_shop(self, api_key: str, webhook_secret: str) -> None:
        """Start the example shop for a merchant who is told at its `/webhooks`."""
        books = self.home / "shop.sqlite"
        told = shop_environment(self.at, api_key, webhook_secret, books, ROOT / "client")
        self._add("shop", "shop", ["examples/shop.py"], told, self.at.shop_port)
        await self.start("shop")

    async def stop(self) -> None:
        """End everything that we started, last first."""
        for part in reversed(self.parts.values()):
            await part.process.stop()

    def kill(self, name: str) -> None:
        """SIGKILL, at once."""
        self.parts[name].process.kill()

    def pause(self, name: str) -> None:
        """SIGSTOP: still connected, answers nobody."""
        self.parts[name].process.pause()

    def resume(self, name: str) -> None:
        self.parts[name].process.resume()

    def pid(self, name: str) -> int:
        return self.parts[name].process.pid

    def fallen(self) -> list[str]:
        """The parts that do not run."""
        return [name for name, part in self.parts.items() if not part.process.running]

    def remove(self) -> None:
        """Delete everything that a stopped stack has written."""
        remove_state(self.home)

    def _embedded_postgres(self) -> PostgresServer:
        home = postgres_home(self.home)
        server = PostgresServer(own_folder(home), log=self.logs / "postgres.log")
        self.parts["postgres"] = Part(server.process, server.start)
        return server

    def _embedded_temporal(self, wanted: Ports) -> TemporalServer:
        server = TemporalServer(
            self.home / "temporal",
            port=wanted.temporal,
            ui_port=wanted.temporal_ui,
            codec_endpoint=self._codec_endpoint,
            log=self.logs / "temporal.log",
        )
        self.parts["temporal"] = Part(server.process, server.start)
        return server

    def _database_urls(self, environ: Mapping[str, str]) -> tuple[str, str, str]:
        if server := self._postgres:
            return server.url(OURS, OWNER), server.url(OURS, APP), server.url(BANK, BANK)
        because = "DATABASE_URL"
        urls = (
            named(environ, "DANBAO_MIGRATION_URL", because),
            environ[because],
            named(environ, "SANDBOX_BANK_DATABASE_URL", because),
        )
        owner, app, bank = map(speaks_asyncpg, urls)
        return owner, app, bank

    def _temporal_doors(self, environ: Mapping[str, str]) -> tuple[str, str]:
        if server := self._temporal:
            return server.address, server.ui_url
        return environ["TEMPORAL_ADDRESS"], environ.get("TEMPORAL_UI_URL", "")

    def _add_our_own(self, workers: int) -> None:
        bank = bank_environment(self.at, self.secrets)
        self._add("bank", "bank", ["-m", "banks.sandbox"], bank, self.at.bank_port)
        mailbox, module = mailbox_environment(self.at), ["-m", "runtime.mailbox"]
        self._add("mailbox", "mailbox", module, mailbox, self.at.mailbox_port)
        for number in range(workers + 1):
            health, metrics = free_ports(0, 0)
            ours = app_environment(self.at, self.secrets, health, metrics)
            match number:
                case 0:
                    self._add("api", "api", ["-m", "api"], ours, self.at.api_port)
                case 1:
                    self._add("worker", "worker", ["worker.py"], ours, health)
                case _:
                    self._add(f"worker-{number}", "worker", ["worker.py"], ours, health)
        codec = codec_environment(self.at, self.secrets)
        self._add("codec", "codec", ["-m", "runtime.codec"], codec, self.at.codec_port)

    def _add(
        self, name: str, kind: str, arguments: list[str], environment: Mapping[str, str], port: int
    ) -> None:
        process = Process(
            name=name,
            argv=[sys.executable, *self._command(kind, arguments)],
            env={**environment, **self._extra.get(kind, {})},
            cwd=ROOT,
            log=self.logs / f"{name}.log",
        )
        self.parts[name] = Part(process, partial(_come_up, process, port))

    def _command(self, kind: str, arguments: list[str]) -> list[str]:
        return ["-m", self._instead[kind]] if kind in self._instead else arguments

    async def _make_databases(self, server: PostgresServer) -> None:
        await server.create_database(OURS, OWNER, guests=[APP])
        await server.create_database(BANK, BANK)


async def _come_up(process: Process, port: int) -> None:
    process.start()
    await process.ready(partial(healthy, f"http://{LOOPBACK}:{port}"))


async def healthy(base_url: str) -> bool:
    """Whether `GET /healthz` says 200."""
    async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
        try:
            return (await client.get(f"{base_url}/healthz")).status_code == 200
        except httpx2.TransportError:
            return False
