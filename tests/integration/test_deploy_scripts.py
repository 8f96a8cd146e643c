"""The scripts that docker-compose.yml mounts, run by the same programs as in the containers."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from runtime.database import engine, migrate
from runtime.embedded.finder import find_temporal
from runtime.embedded.places import LOOPBACK, own_folder
from runtime.embedded.postgres import SUPERUSER, PostgresServer
from runtime.embedded.temporal import SEARCH_ATTRIBUTES
from tests.conftest import Temporal
from tests.unit.deploy.compose import assignments, new_env, services

ROOT = Path(__file__).parents[2]
COMPOSE_PAGE = (ROOT / "docs/operating/compose.md").read_text()
DATABASES = {
    "danbao": "danbao_owner",
    "sandbox_bank": "sandbox_bank",
    "temporal": "temporal",
    "temporal_visibility": "temporal",
}


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return assignments(new_env(tmp_path_factory.mktemp("env")).read_text())


@pytest_asyncio.fixture(scope="module")
async def fresh(server_home: Path, env: dict[str, str]) -> AsyncIterator[PostgresServer]:
    """A server on which roles.sql was just run by psql, as the postgres image does it."""
    server = PostgresServer(own_folder(server_home / "postgres-deploy"), durable=False)
    await server.start()
    ran = await asyncio.to_thread(_psql, server, services(env)["postgres"]["environment"])
    assert ran.returncode == 0, ran.stderr
    yield server
    await server.stop()


def _psql(server: PostgresServer, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    address = server.superuser_url.replace("+asyncpg", "")
    return subprocess.run(
        [
            *(server.binaries.folder / "psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"),
            *("--file", ROOT / "deploy/postgres/roles.sql", address),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def at(server: PostgresServer, url: str) -> str:
    """The compose file's URL, with the host and port of the server under test."""
    return url.replace("@postgres:5432/", f"@{LOOPBACK}:{server.port}/")


async def test_migrations_run_as_the_owner_and_the_service_reads_as_itself(
    fresh: PostgresServer, env: dict[str, str]
) -> None:
    composed = services(env)
    await migrate(at(fresh, composed["migrate"]["environment"]["DANBAO_MIGRATION_URL"]))

    pool = engine(at(fresh, composed["api"]["environment"]["DATABASE_URL"]))
    async with pool.connect() as connection:
        tables = await connection.exec_driver_sql("SELECT count(*) FROM webhook_endpoint")
        assert tables.scalar_one() == 0
    await pool.dispose()


@pytest.mark.parametrize(
    ("role", "password"),
    [
        ("danbao_owner", "DANBAO_OWNER_PASSWORD"),
        ("danbao_app", "DANBAO_APP_PASSWORD"),
        ("sandbox_bank", "SANDBOX_BANK_PASSWORD"),
        ("temporal", "TEMPORAL_PASSWORD"),
    ],
)
async def test_a_role_reaches_its_own_databases_and_no_other(
    role: str, password: str, fresh: PostgresServer, env: dict[str, str]
) -> None:
    reached = set()
    for database in DATABASES:
        address = f"postgresql://{role}:{env[password]}@{LOOPBACK}:{fresh.port}/{database}"
        try:
            connection = await asyncpg.connect(address)
        except asyncpg.InsufficientPrivilegeError:
            continue
        reached.add(database)
        await connection.close()

    own = {database for database, owner in DATABASES.items() if owner == role}
    assert reached == (own or {"danbao"})


async def test_no_role_of_ours_is_more_than_a_guest(fresh: PostgresServer) -> None:
    connection = await asyncpg.connect(fresh.superuser_url.replace("+asyncpg", ""))
    mighty = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> $1"
        " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
        SUPERUSER,
    )
    await connection.close()

    assert mighty == []


def _temporal(
    command: list[str | Path], name: str, address: str, home: Path
) -> subprocess.CompletedProcess[str]:
    commands = find_temporal().path.parent
    return subprocess.run(
        command,
        env={
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": name,
            "NAMESPACE_RETENTION": "30d",
        },
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_namespace_is_made_once_with_what_operators_filter_by(
    temporal: Temporal, tmp_path: Path
) -> None:
    name = f"made-{uuid4().hex[:8]}"
    at = (name, temporal.address, tmp_path)
    script: list[str | Path] = ["sh", ROOT / "deploy/temporal/namespace.sh"]
    look: list[str | Path] = [find_temporal().path, "operator", "search-attribute", "list"]

    first = await asyncio.to_thread(_temporal, script, *at)
    again = await asyncio.to_thread(_temporal, script, *at)
    listed = await asyncio.to_thread(_temporal, look, *at)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stderr == ""
    assert again.stdout == "", "the second run changes nothing"
    words = (line.split() for line in listed.stdout.splitlines() if line)
    kinds = {line[0]: line[1] for line in words}
    assert {attribute: kinds.get(attribute) for attribute in SEARCH_ATTRIBUTES} == (
        SEARCH_ATTRIBUTES
    )


def _restored(server: PostgresServer, options: list[str], home: Path) -> PostgresServer:
    """A copy of `server`, by the backup that the page for operators tells to make."""
    copy = PostgresServer(own_folder(home), durable=False)
    program = str(server.binaries.folder / "pg_basebackup")
    made = subprocess.run(
        [program, *options, "--host", LOOPBACK, "--port", str(server.port)],
        env={"PGPASSWORD": (server.home / "superuser-password").read_text()},
        capture_output=True,
        check=True,
    )
    shutil.copy(server.home / "superuser-password", copy.home)
    copy.data.mkdir(mode=0o700)
    subprocess.run(["tar", "-xz", "-C", copy.data], input=made.stdout, check=True)
    if copy.account:
        subprocess.run(["chown", "-R", str(copy.account.uid), copy.data], check=True)
    return copy


async def test_the_backup_of_a_running_server_can_be_started(
    fresh: PostgresServer, server_home: Path
) -> None:
    (command,) = re.findall(r"pg_basebackup (.*?) >", COMPOSE_PAGE, re.S)
    options = command.replace("\\\n", " ").split()

    copy = await asyncio.to_thread(_restored, fresh, options, server_home / "postgres-restored")
    await copy.start()
    connection = await asyncpg.connect(copy.superuser_url.replace("+asyncpg", ""))
    databases = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
    await connection.close()
    await copy.stop()

    assert databases >= set(DATABASES)
