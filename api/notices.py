"""`./dev notices …`, in a container `python -m api.notices …`: what merchants were given up on.

The desk does the same at /operator/attention. Whoever tells again is an operator, by the key in
DANBAO_OPERATOR_KEY: the same role is needed, and the same log says so. While a demo runs here it
is the demo's operator who proposes.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.errors import DoorError, InvalidApiKey
from api.operator import moment
from api.operators import accounts, retelling
from api.operators.accounts import Account
from api.problems import problem_of
from api.terminal import Json, out
from api.trade import Trade
from runtime.database import engine
from runtime.engineer.access import DEMO, Access, NobodyThere
from runtime.engineer.disputes import PROPOSER
from runtime.settings import Settings
from runtime.temporal import connect
from vault.codec import PurchaseCodec
from vault.keys import Keys

KEY = "DANBAO_OPERATOR_KEY"
T = TypeVar("T")

app = typer.Typer(
    help="Notices that were given up, and telling them again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_parked(as_json: Json = False) -> None:
    """Every endpoint for which notices are parked: how many, and since when."""
    found = _done(lambda pool, _settings: retelling.deaf(pool))
    if as_json:
        said = [
            {"endpoint": one.endpoint_id, "parked": one.parked, "since": one.oldest.isoformat()}
            for one in found
        ]
        out.print(json.dumps(said), markup=False)
        return
    for one in found:
        out.print(f"{one.endpoint_id}  {one.parked:>5}  since {moment(one.oldest)}", markup=False)
    if not found:
        out.print("None: every event was heard, or is still being told.")


@app.command()
def redeliver(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its id, `whe_…`.")],
    as_json: Json = False,
) -> None:
    """Tell an endpoint again what was parked for it, the oldest hundred at once."""

    async def work(pool: AsyncEngine, settings: Settings) -> tuple[list[str], bool]:
        operator = await _operator(pool, key_of(os.environ))
        client = await connect("notices", codec=PurchaseCodec(Keys(pool, settings.ring)))
        told, more = await retelling.tell_parked(pool, Trade(client), operator, endpoint)
        return [one.event_id for one in told], more

    events, more = _done(work)
    if as_json:
        said = {"endpoint": endpoint, "events": events, "has_more": more}
        out.print(json.dumps(said), markup=False)
        return
    rest = "; more are parked: ask again" if more else ""
    out.print(f"{len(events)} being told again{rest}", markup=False)


def key_of(environ: Mapping[str, str], home: Path = DEMO) -> str:
    """Whose command it is. Raises NobodyThere."""
    if key := environ.get(KEY):
        return key
    try:
        key = Access.found({}, home).operators.get(PROPOSER)
    except NobodyThere:
        key = None
    if not key:
        raise NobodyThere(f"say who you are: {KEY} is an operator's key")
    return key


async def _operator(pool: AsyncEngine, key: str) -> Account:
    """Raises InvalidApiKey."""
    async with pool.connect() as connection:
        operator = await accounts.with_key(connection, key)
    if operator is None:
        raise InvalidApiKey
    return operator


def _done(work: Callable[[AsyncEngine, Settings], Awaitable[T]]) -> T:
    """What `work` gives; what it is refused ends the command with 1, in one line."""

    async def worked() -> T:
        settings = Settings()
        pool = engine(settings.database_url, pool_size=2)
        try:
            return await work(pool, settings)
        finally:
            await pool.dispose()

    try:
        return asyncio.run(worked())
    except DoorError as refused:
        problem = problem_of(refused)
        sys.stderr.write(f"{refused.code}: {problem.title}. {str(refused) or problem.advice}\n")
    except NobodyThere as nobody:
        sys.stderr.write(f"{nobody}\n")
    except (OSError, OperationalError) as silence:
        sys.stderr.write(f"PostgreSQL does not answer ({type(silence).__name__}): does it run?\n")
    raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="./dev notices")
