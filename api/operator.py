"""`./dev operator …`, in a container `python -m api.operator …`: operators' accounts, their log.

A password and a key are told once, when they are made. With `--json` the answer is one JSON
document on stdout.
"""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.keys import mode_of
from api.operators import accounts, audit
from api.operators.accounts import Account
from api.operators.audit import Broken, Entry
from api.operators.roles import MEANINGS, Role
from api.terminal import Json, done, out, tell
from runtime.settings import Settings

#: Entries of the log that are shown unless more are asked for.
SHOWN = 50
ROLES = "; ".join(f"`{role}` {MEANINGS[role]}" for role in Role)

app = typer.Typer(
    help="Operators: who may look at disputes, propose and approve decisions; what they did.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="What the operator signs in with.")]
TheRole = Annotated[Role, typer.Option("--role", help=f"{ROLES}.")]


@app.command()
def create(
    login: Login,
    role: TheRole,
    name: Annotated[str, typer.Option(help="What others call them; else the login.")] = "",
    as_json: Json = False,
) -> None:
    """A new operator, with a password for the desk and a key for programs."""
    settings = Settings()

    async def work(connection: AsyncConnection) -> dict[str, str]:
        mode = mode_of(settings.mode)
        made = await accounts.create(connection, login, name, role, mode)
        return {"id": made.id, "login": made.login, "password": made.password, "key": made.key}

    tell(done(settings, work), as_json)


@app.command()
def disable(login: Login, as_json: Json = False) -> None:
    """Neither password nor key lets them in any more, and their sessions end."""

    async def work(connection: AsyncConnection) -> dict[str, str]:
        return {"disabled": (await accounts.disable(connection, login)).login}

    tell(done(Settings(), work), as_json)


@app.command()
def role(login: Login, role: TheRole, as_json: Json = False) -> None:
    """What they may do from now on. Their sessions end."""

    async def work(connection: AsyncConnection) -> dict[str, str]:
        changed = await accounts.change_role(connection, login, role)
        return {"login": changed.login, "role": changed.role.value}

    tell(done(Settings(), work), as_json)


@app.command()
def key(login: Login, as_json: Json = False) -> None:
    """A new key; the one before opens nothing any more."""
    settings = Settings()

    async def work(connection: AsyncConnection) -> dict[str, str]:
        return {"key": await accounts.change_key(connection, login, mode_of(settings.mode))}

    tell(done(settings, work), as_json)


@app.command()
def password(login: Login, as_json: Json = False) -> None:
    """A new password; the one before lets nobody in any more, and their sessions end."""

    async def work(connection: AsyncConnection) -> dict[str, str]:
        return {"password": await accounts.change_password(connection, login)}

    tell(done(Settings(), work), as_json)


@app.command("list")
def list_operators(as_json: Json = False) -> None:
    """Every operator, and what each may do."""
    known = done(Settings(), accounts.everybody)
    if as_json:
        out.print(json.dumps([_known(one) for one in known]), markup=False)
        return
    table = Table("Login", "Name", "Role", "Key ends in", "Since", "Disabled", box=None)
    for one in known:
        gone = moment(one.disabled_at) if one.disabled_at else ""
        since = moment(one.created_at)
        table.add_row(escape(one.login), escape(one.name), one.role, one.key_last4, since, gone)
    out.print(table)


@app.command("audit")
def show_audit(
    most: Annotated[int, typer.Option(min=1, help="How many entries, the newest.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """What operators did, and whether the log is whole: ends with 1 when an entry was changed."""

    async def work(connection: AsyncConnection) -> tuple[list[Entry], Broken | None]:
        return await audit.newest(connection, most), await audit.verify(connection)

    entries, broken = done(Settings(), work)
    if as_json:
        said = {"entries": [_entry(one) for one in entries], "broken": broken and broken.no}
        out.print(json.dumps(said), markup=False)
    else:
        for line in (*map(_line, reversed(entries)), _verdict(broken)):
            out.print(line, markup=False)
    if broken:
        raise typer.Exit(1)


def _line(entry: Entry) -> str:
    said = " ".join(f"{name}={value}" for name, value in entry.detail.items() if value != "")
    who = entry.who or "terminal"
    return f"{entry.no:>6}  {moment(entry.at)}  {who:<12}  {entry.action}  {entry.subject}  {said}"


def _verdict(broken: Broken | None) -> str:
    if broken is None:
        return "The log is whole: no entry was changed, and none is missing."
    return f"The log was tampered with at entry {broken.no}: {broken.why}."


def _known(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "role": one.role.value,
        "key_last4": one.key_last4,
        "created_at": one.created_at.isoformat(),
        "disabled_at": one.disabled_at.isoformat() if one.disabled_at else None,
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "no": one.no,
        "at": one.at.isoformat(),
        "who": one.who,
        "action": one.action,
        "subject": one.subject,
        "detail": one.detail,
    }


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


if __name__ == "__main__":
    app(prog_name="./dev operator")
