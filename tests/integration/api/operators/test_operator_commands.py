"""`./dev operator …` as it is typed at the installation, and the log that it keeps."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from api.doors import Doors
from api.operator import app
from api.operators import accounts, audit, sessions
from runtime.embedded.places import inherited
from runtime.settings import Settings
from tests.conftest import ROOT, Database

PAGE = (ROOT / "docs/operating/disputes.md").read_text()


@pytest.fixture(scope="session")
def environment(database: Database, settings: Settings) -> dict[str, str]:
    return {
        **inherited(os.environ),
        "DATABASE_URL": database.app_url,
        "DANBAO_PUBLIC_URL": settings.public_url,
        "DANBAO_LINK_SECRET": settings.link_secret.get_secret_value(),
        "DANBAO_BANK_URL": "http://127.0.0.1:1",
        "DANBAO_BANK_API_KEY": "nobody",
        "DANBAO_BANK_CALLBACK_SECRET": "c" * 32,
        "DANBAO_EVIDENCE_DIR": str(settings.evidence_dir),
        "DANBAO_VAULT_KEYS": settings.vault_keys.get_secret_value(),
        "COLUMNS": "200",
    }


def typed(environment: dict[str, str], *arguments: str) -> Result:
    """In a thread, as the command has an event loop of its own."""
    with ThreadPoolExecutor(1) as terminal:
        return terminal.submit(CliRunner().invoke, app, arguments, env=environment).result()


def said(environment: dict[str, str], *arguments: str) -> Any:
    done = typed(environment, *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


async def opens(http: httpx2.AsyncClient, key: str) -> bool:
    answer = await http.get("/v1/disputes", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


async def signs_in(doors: Doors, login: str, password: str) -> str | None:
    """The cookie of a new session."""
    return await sessions.begin(doors.engine, login, password)


async def signed_in(doors: Doors, cookie: str) -> bool:
    return await sessions.find(doors.engine, cookie) is not None


async def test_secrets_are_told_once_and_end_when_they_are_changed(
    environment: dict[str, str], http: httpx2.AsyncClient, doors: Doors
) -> None:
    login = f"mei-{uuid4().hex[:8]}"
    made = said(environment, "create", login.upper(), "--role", "operator")
    assert made["login"] == login
    assert made["key"].startswith("ok_test_")
    assert await opens(http, made["key"])
    cookie = await signs_in(doors, login, made["password"])
    assert cookie
    assert await signed_in(doors, cookie)

    key = said(environment, "key", login)["key"]
    assert [await opens(http, one) for one in (made["key"], key)] == [False, True]
    assert await signed_in(doors, cookie)

    password = said(environment, "password", login)["password"]
    assert not await signed_in(doors, cookie)
    assert await signs_in(doors, login, made["password"]) is None
    cookie = await signs_in(doors, login, password)
    assert cookie

    assert said(environment, "role", login, "--role", "approver")["role"] == "approver"
    assert not await signed_in(doors, cookie)
    cookie = await signs_in(doors, login, password)
    assert cookie

    assert said(environment, "disable", login) == {"disabled": login}
    assert not await signed_in(doors, cookie)
    assert await signs_in(doors, login, password) is None
    assert not await opens(http, key)
    (known,) = [one for one in said(environment, "list") if one["login"] == login]
    assert known["disabled_at"] is not None
    secrets = (made["password"], made["key"], password, key)
    listed, log = typed(environment, "list").stdout, typed(environment, "audit").stdout
    assert not any(secret in listed + log for secret in secrets)
    assert log.count(f"login={login}") == 5
    assert len(re.findall(rf"{login} +signed_in", log)) == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("create", "taken", "--role", "viewer"), "operator_exists"),
        (("create", "Not a login", "--role", "viewer"), "a login is"),
        (("create", "fine", "--role", "boss"), "boss"),
        (("create", "fine"), "--role"),
        (("disable", "nobody"), "not_found"),
        (("role", "nobody", "--role", "viewer"), "not_found"),
        (("key", "nobody"), "not_found"),
        (("password", "nobody"), "not_found"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    environment: dict[str, str], arguments: tuple[str, ...], complaint: str
) -> None:
    typed(environment, "create", "taken", "--role", "viewer")
    before = typed(environment, "audit", "--json").stdout
    refused = typed(environment, *arguments)
    assert refused.exit_code in (1, 2)
    assert refused.stdout == ""
    assert complaint in refused.stderr
    assert isinstance(refused.exception, SystemExit)
    assert typed(environment, "audit", "--json").stdout == before


def test_the_commands_of_the_page_work(environment: dict[str, str]) -> None:
    """Under other logins, which nobody else here has."""
    mine = uuid4().hex[:8]
    lines = re.findall(r"^\./dev operator (.*)$", PAGE, re.M)
    assert len(lines) == 8
    for line in lines:
        said = re.sub(r"\b(mei|tomas)\b", rf"\1-{mine}", line)
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', said)]
        done = typed(environment, *words)
        assert done.exit_code == 0, (line, done.stderr)
    log = typed(environment, "audit", "--most", "6").stdout
    assert log.count(mine) == 6


async def noted(doors: Doors, *subjects: str) -> int:
    """The number of the last of these entries."""
    async with doors.engine.begin() as connection:
        for subject in subjects:
            await audit.note(connection, audit.TERMINAL, "looked", subject, at="noon")
        return (await audit.newest(connection, 1))[0].no


async def test_an_entry_that_the_owner_changed_is_named(
    environment: dict[str, str], doors: Doors, owner_engine: AsyncEngine
) -> None:
    """Tampered with as nobody but the database's owner can, and put back again."""
    last = await noted(doors, "dsp_1", "dsp_2", "dsp_3")
    whole = typed(environment, "audit")
    assert whole.exit_code == 0
    assert "The log is whole" in whole.stdout
    for tampering in (
        "UPDATE audit_entry SET subject = 'dsp_9' WHERE no = :no",
        "UPDATE audit_entry SET detail = '{}' WHERE no = :no",
        "UPDATE audit_entry SET operator_id = 'opr_1' WHERE no = :no",
        "UPDATE audit_entry SET at = at + interval '1 second' WHERE no = :no",
        "UPDATE audit_entry SET hash = prev WHERE no = :no",
        "DELETE FROM audit_entry WHERE no = :no",
    ):
        async with owner_engine.connect() as owner:
            await owner.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
            await owner.execute(text(tampering), {"no": last - 1})
            broken = await audit.verify(owner)
            await owner.rollback()
        assert broken is not None, tampering
        assert broken.no == last - 1, tampering
    async with owner_engine.connect() as owner:
        assert await audit.verify(owner) is None


async def test_a_broken_log_ends_the_command_with_one(
    environment: dict[str, str], doors: Doors, owner_engine: AsyncEngine
) -> None:
    last = await noted(doors, "dsp_1")
    change = text("UPDATE audit_entry SET subject = :to WHERE no = :no")
    off = text("ALTER TABLE audit_entry DISABLE TRIGGER audit_append_only")
    on = text("ALTER TABLE audit_entry ENABLE TRIGGER audit_append_only")
    async with owner_engine.begin() as owner:
        await owner.execute(off)
        await owner.execute(change, {"no": last, "to": "dsp_9"})
        await owner.execute(on)
    broken = typed(environment, "audit")
    machine = typed(environment, "audit", "--json")
    async with owner_engine.begin() as owner:
        await owner.execute(off)
        await owner.execute(change, {"no": last, "to": "dsp_1"})
        await owner.execute(on)
    assert broken.exit_code == machine.exit_code == 1
    assert f"tampered with at entry {last}" in broken.stdout
    assert json.loads(machine.stdout)["broken"] == last
    assert typed(environment, "audit").exit_code == 0


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE audit_entry SET subject = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry (no, operator_id, action, subject, detail)"
        " VALUES (1, '', 'looked', '', '{}')",
        "INSERT INTO audit_entry (operator_id, action, subject, detail, hash)"
        " VALUES ('', 'looked', '', '{}', '')",
        "DELETE FROM operator",
        "UPDATE operator SET login = 'x'",
        "DELETE FROM proposal",
        "UPDATE proposal SET refund = 0",
    ],
)
async def test_the_application_can_only_add_to_the_log(doors: Doors, forbidden: str) -> None:
    async with doors.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text(forbidden))


async def test_even_the_owner_changes_the_log_only_on_purpose(
    doors: Doors, owner_engine: AsyncEngine
) -> None:
    last = await noted(doors, "dsp_1")
    async with owner_engine.connect() as owner:
        with pytest.raises(DBAPIError, match="append-only"):
            await owner.execute(text("DELETE FROM audit_entry WHERE no = :no"), {"no": last})


async def test_a_wrong_password_of_somebody_and_anything_of_nobody_open_nothing(
    environment: dict[str, str], doors: Doors
) -> None:
    login = f"tomas-{uuid4().hex[:8]}"
    made = said(environment, "create", login, "--role", "viewer")
    assert await signs_in(doors, login, made["password"] + "x") is None
    assert await signs_in(doors, "nobody-is-called-so", made["password"]) is None
    async with doors.engine.connect() as connection:
        known = {one.login for one in await accounts.everybody(connection)}
    assert login in known
