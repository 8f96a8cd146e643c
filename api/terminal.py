"""What commands at the terminal of an installation share: one commit, one-line refusals."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import DoorError
from api.problems import problem_of
from domain.errors import BadTerms
from runtime.database import engine
from runtime.settings import Settings
from webhooks.addresses import BadEndpoint

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]

out = Console(soft_wrap=True, highlight=False)


def done(settings: Settings, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
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
    except (BadEndpoint, BadTerms, ValueError) as refused:
        sys.stderr.write(f"{refused}\n")
    except (OSError, OperationalError) as silence:
        sys.stderr.write(f"PostgreSQL does not answer ({type(silence).__name__}): does it run?\n")
    raise typer.Exit(1)


def tell(made: dict[str, str], as_json: bool) -> None:
    if as_json:
        out.print(json.dumps(made), markup=False)
        return
    for what, text in made.items():
        if text:
            out.print(f"{what.replace('_', ' '):<16}{text}", markup=False)
