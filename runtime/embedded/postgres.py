"""A PostgreSQL cluster of our own: initdb once, then one process on 127.0.0.1 with passwords."""

import hashlib
import hmac
import os
import secrets
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import asyncpg

from runtime.embedded.finder import PostgresBinaries, find_postgres
from runtime.embedded.places import (
    LOOPBACK,
    free_ports,
    inherited,
    server_account,
    usable_binaries,
)
from runtime.embedded.process import DidNotStart, Process, run
from runtime.settings import ASYNCPG

SUPERUSER = "postgres"
#: Pools of several processes, and tests that open hundreds.
MAX_CONNECTIONS = 400
#: For tests: a crash of the machine may cost the data, kill -9 of the server must not. That is
#: why synchronous_commit stays on: without it commits wait in the server's own memory.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer:
    """One cluster in `home`, which the server's account must be able to enter.

    The superuser's password is in `home`; every role's password follows from it, so nothing
    else has to be remembered over restarts.
    """

    def __init__(
        self,
        home: Path,
        *,
        binaries: PostgresBinaries | None = None,
        port: int = 0,
        durable: bool = True,
        log: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self.account = server_account()
        self.binaries = usable_binaries(binaries or find_postgres(), self.account)
        self.port = port or free_ports(0)[0]
        self.data = self.home / "data"
        self._durable = durable
        self.process = Process(
            name="postgres",
            argv=[str(self.binaries.folder / "postgres"), *self._options()],
            env=inherited(os.environ),
            cwd=Path("/"),
            log=log or self.home / "postgres.log",
            account=self.account,
            # "Fast": ends sessions, does not wait for them; a plain SIGTERM would.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    @property
    def superuser_url(self) -> str:
        """`postgresql+asyncpg://…` of the database `postgres` as the superuser."""
        return self.url(SUPERUSER, SUPERUSER)

    def url(self, database: str, role: str) -> str:
        """`postgresql+asyncpg://…` of `database` as `role`."""
        return f"{ASYNCPG}{role}:{self._password(role)}@{LOOPBACK}:{self.port}/{database}"

    async def start(self) -> None:
        """Make the cluster if there is none, start it, wait until it answers. Raises DidNotStart.

        After a SIGKILL the old backends take a moment to notice; until then the new server
        refuses the data directory, so it is tried again.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        deadline = time.monotonic() + 30
        while True:
            self.process.start()
            try:
                return await self.process.ready(self._answers)
            except DidNotStart as refused:
                if "still in use" not in str(refused) or time.monotonic() > deadline:
                    raise

    async def stop(self) -> None:
        await self.process.stop()

    async def create_database(self, name: str, owner: str, guests: Iterable[str] = ()) -> str:
        """Make `name` with its `owner` unless it is there; `guests` may connect; nobody else.

        Returns the owner's URL. Roles are made as needed: they may log in and nothing more.
        """
        await self._as_superuser([(_ROLE, role, self._password(role)) for role in (owner, *guests)])
        if not await self._exists(name):
            await self._as_superuser([("CREATE DATABASE %I OWNER %I", name, owner)])
        await self._as_superuser(
            [
                ("REVOKE ALL ON DATABASE %I FROM PUBLIC", name),
                *[("GRANT CONNECT ON DATABASE %I TO %I", name, role) for role in guests],
            ]
        )
        return self.url(name, owner)

    async def drop_database(self, name: str) -> None:
        """Remove `name` and throw out whoever is connected."""
        await self._as_superuser([("DROP DATABASE %I WITH (FORCE)", name)])

    def _initdb(self) -> None:
        password = self._password(SUPERUSER)
        handed_over = self.home / "initdb-password"
        handed_over.write_text(password)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            for path in (handed_over, self.data):
                os.chown(path, self.account.uid, self.account.gid)
        run(
            [
                str(self.binaries.folder / "initdb"),
                f"--pgdata={self.data}",
                f"--username={SUPERUSER}",
                "--auth=scram-sha-256",
                f"--pwfile={handed_over}",
                "--encoding=UTF8",
                "--locale=C",
                *([] if self._durable else ["--no-sync"]),
            ],
            self.account,
        )
        handed_over.unlink()

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            # No socket file: nothing to clean up, no limit on how long our path is.
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            **({} if self._durable else FORGETFUL),
        }
        return ["-D", str(self.data), *_as_options(settings)]

    def _password(self, role: str) -> str:
        """The superuser's is random and kept in `home`; a role's is derived from it."""
        kept = self.home / "superuser-password"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(32))
        master = kept.read_text()
        if role == SUPERUSER:
            return master
        return hmac.new(master.encode(), role.encode(), hashlib.sha256).hexdigest()

    async def _answers(self) -> bool:
        try:
            await self._as_superuser([])
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        return True

    async def _exists(self, database: str) -> bool:
        connection = await asyncpg.connect(_plain(self.superuser_url))
        try:
            query = "SELECT 1 FROM pg_database WHERE datname = $1"
            return await connection.fetchval(query, database) is not None
        finally:
            await connection.close()

    async def _as_superuser(self, statements: Iterable[tuple[str, ...]]) -> None:
        """Run statements whose names and literals PostgreSQL itself quotes (`format`)."""
        connection = await asyncpg.connect(_plain(self.superuser_url))
        try:
            for template, *arguments in statements:
                holes = "".join(f", ${n}::text" for n in range(2, len(arguments) + 2))
                query = f"SELECT format($1{holes})"
                await connection.execute(await connection.fetchval(query, template, *arguments))
        finally:
            await connection.close()


_ROLE = """
DO $make$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %1$L) THEN
        CREATE ROLE %1$I LOGIN PASSWORD %2$L;
    END IF;
END $make$
"""


def _plain(url: str) -> str:
    """The URL as asyncpg itself takes it."""
    return url.replace(ASYNCPG, "postgresql://", 1)


def _as_options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
