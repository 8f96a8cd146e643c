"""`./dev merchant …`, in a container `python -m api.merchant …`: merchants and their API keys.

A key and a webhook secret are told once, when they are made. With `--json` the answer is one JSON
document on stdout.
"""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api import merchants
from api.keys import mode_of
from api.merchants import Key, Shop, create_merchant
from api.scopes import MEANINGS, Scope, scopes_of
from api.terminal import Json, done, out, tell
from domain.clearing import PayoutTerms
from domain.terms import FeePolicy
from runtime.settings import Settings
from webhooks import endpoints
from webhooks.endpoints import Wanted

SCOPES = "What the key may do: " + "; ".join(f"`{scope}` {MEANINGS[scope]}" for scope in Scope)

app = typer.Typer(
    help="Merchants and their API keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
MerchantId = Annotated[str, typer.Argument(metavar="MERCHANT", help="Its id, `mer_…`.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help=f"{SCOPES}. Several times; else everything.")
]


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

    tell(done(settings, work), as_json)


@app.command()
def rotate(merchant: MerchantId, scope: Scopes = None, as_json: Json = False) -> None:
    """A second key. Both work until you revoke the old one; a third is refused."""
    settings = Settings()

    async def work(connection: AsyncConnection) -> dict[str, str]:
        mode = mode_of(settings.mode)
        return {"api_key": await merchants.add_key(connection, merchant, mode, _scopes(scope))}

    tell(done(settings, work), as_json)


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

    tell(done(Settings(), work), as_json)


@app.command("pay-to")
def pay_to(
    merchant: MerchantId,
    currency: Annotated[str, typer.Option(help="What is paid there, such as CNY.")],
    holder: Annotated[str, typer.Option(help="The account's holder, as its bank knows it.")],
    account: Annotated[str, typer.Option(help="The account's number.")],
    days: Annotated[int, typer.Option(help="T+n: clearing days after the release.")] = 1,
    minimum: Annotated[int, typer.Option(help="Minor units from which on is paid.")] = 1,
    reserve_days: Annotated[int, typer.Option(help="Days that a reserve is kept.")] = 90,
    debt_limit: Annotated[
        int, typer.Option(help="Minor units that it may owe for refunds after the release.")
    ] = 0,
    fee_back: Annotated[
        bool,
        typer.Option(
            "--fee-back/--keep-fee", help="Whether our fee on what is refunded then is given back."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Where a merchant is paid in a currency, and when. New details lift a freeze."""

    async def work(connection: AsyncConnection) -> dict[str, str]:
        terms = PayoutTerms(days, minimum, reserve_days, debt_limit, fee_back)
        where = (holder, account)
        made = await merchants.say_where(connection, merchant, currency, where, terms)
        return {"account": made.id, "holder": made.holder, "ends_in": made.number[-4:]}

    tell(done(Settings(), work), as_json)


@app.command("list")
def list_merchants(as_json: Json = False) -> None:
    """Every merchant and its live keys: which, what for, and when they were last used."""
    shops = done(Settings(), merchants.merchants)
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
