"""`./dev merchant …`, in a container `python -m api.merchant …`: merchants and their API keys.

A key and a webhook secret are told once, when they are made. With `--json` the answer is one JSON
document on stdout.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import merchants
from api.errors import DoorError
from api.keys import mode_of
from api.merchants import Key, Shop, create_merchant
from api.problems import problem_of
from api.scopes import MEANINGS, Scope, scopes_of
from domain.terms import FeePolicy
from runtime.database import engine
from runtime.settings import Settings
from webhooks import endpoints
from webhooks.addresses import BadEndpoint
from webhooks.endpoints import Wanted

T = TypeVar("T")
SCOPES = "What the key may do: " + "; ".join(f"`{scope}` {MEANINGS[scope]}" for scope in Scope)

app = typer.Typer(
    help="Merchants and their API keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(soft_wrap=True, highlight=False)
MerchantId = Annotated[str, typer.Argument(metavar="MERCHANT", help="Its id, `mer_…`.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help=f"{SCOPES}. Several times; else everything.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What buyers read on the cashier page.")],
    webhook: Annotated[str, typer.Option(help="Where the merchant wants to be told.")] = "",
    fee_fixed: Annotated[int, typer.Option(help="Minor units of every release.")] = 0,
    fee_bps: Annotated[int, typer.Option(help="Hundredths of a percent of every release.")] = 0,
    scope: Scopes = None,
    as_json: Json = False,
) -> None:
    """A new merchant, its first API key and, with --webhook, its endpoint's secret."""
    settings = Settings()

    async def work(connection: AsyncConnection) -> dict[str, str]:
        fee, mode = FeePolicy(fee_fixed, fee_bps), mode_of(settings.mode)
        made = await create_merchant(connection, name, mode, fee, scopes=_scopes(scope))
        secret = ""
        if webhook:
            livemode = settings.mode == "live"
            endpoint = await endpoints.add(connection, made.id, Wanted(webhook), livemode=livemode)
            secret = endpoint.secret
        return {"id": made.id, "api_key": made.key, "webhook_secret": secret}

    _tell(_done(settings, work), as_json)


@app.command()
def rotate(merchant: MerchantId, scope: Scopes = None, as_json: Json = False) -> None:
    """A second key. Both work until you revoke the old one; a third is refused."""
    settings = Settings()

    async def work(connection: AsyncConnection) -> dict[str, str]:
        mode = mode_of(settings.mode)
        return {"api_key": await merchants.add_key(connection, merchant, mode, _scopes(scope))}

    _tell(_done(settings, work), as_json)


@app.command()
def revoke(
    merchant: MerchantId,
    key: Annotated[str, typer.Argument(help="Its id, `key_…`, or its last four characters.")],
    as_json: Json = False,
) -> None:
    """From now on nobody gets in with this key."""

    async def work(connection: AsyncConnection) -> dict[str, str]:
        gone = await merchants.revoke_key(connection, merchant, key)
        return {"revoked": gone.id, "last4": gone.last4}

    _tell(_done(Settings(), work), as_json)


@app.command("list")
def list_merchants(as_json: Json = False) -> None:
    """Every merchant and its live keys: which, what for, and when they were last used."""
    shops = _done(Settings(), merchants.merchants)
    if as_json:
        out.print(json.dumps([_shop(shop) for shop in shops]), markup=False)
        return
    table = Table("Merchant", "Name", "Key", "Ends in", "May", "Last used", box=None)
    for shop in shops:
        for key in shop.keys:
            table.add_row(shop.id, shop.name, key.id, key.last4, _may(key), _when(key.last_used_at))
        if not shop.keys:
            table.add_row(shop.id, shop.name, "none", "", "", "")
    out.print(table)


def _done(settings: Settings, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` gives, all of it in one commit; what it is refused ends the command with 1."""

    async def committed() -> T:
        pool = engine(settings.database_url, pool_size=1)
        try:
            async with pool.begin() as connection:
                return await work(connection)
        finally:
            await pool.dispose()

    try:
        return asyncio.run(committed())
    except DoorError as refused:
        problem = problem_of(refused)
        sys.stderr.write(f"{refused.code}: {problem.title}. {str(refused) or problem.advice}\n")
    except (BadEndpoint, ValueError) as refused:
        sys.stderr.write(f"{refused}\n")
    except (OSError, OperationalError) as silence:
        sys.stderr.write(f"PostgreSQL does not answer ({type(silence).__name__}): does it run?\n")
    raise typer.Exit(1)


def _tell(made: dict[str, str], as_json: bool) -> None:
    if as_json:
        out.print(json.dumps(made), markup=False)
        return
    for what, text in made.items():
        if text:
            out.print(f"{what.replace('_', ' '):<16}{text}", markup=False)


def _scopes(names: list[str] | None) -> frozenset[Scope]:
    return scopes_of(names) if names else frozenset(Scope)


def _shop(shop: Shop) -> dict[str, Any]:
    return {"id": shop.id, "name": shop.name, "keys": [_known(key) for key in shop.keys]}


def _known(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "last4": key.last4,
        "mode": key.mode,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "created_at": key.created_at.isoformat(),
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
    }


def _may(key: Key) -> str:
    return "everything" if key.scopes == set(Scope) else ", ".join(sorted(key.scopes))


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


if __name__ == "__main__":
    app(prog_name="./dev merchant")
