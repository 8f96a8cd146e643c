"""A client that records a step, says so, and never commits: it waits to be killed.

`python -m tests.integration.ledger.dying_writer URL ESCROW_ID`
"""

import asyncio
import sys

from domain.escrow import Escrow
from ledger.port import Transition
from ledger.reading import Reading
from runtime.database import engine
from tests import builders
from tests.builders import NOON
from tests.integration.ledger.books import record_uncommitted


async def main(url: str, escrow_id: str) -> None:
    pool = engine(url)
    purchase = await Reading(pool).purchase(escrow_id)
    if purchase is None:
        raise SystemExit(f"no purchase {escrow_id}")
    opened = Escrow.opened(purchase.terms)
    paying = builders.after(opened, builders.started())
    moved = paying.after(builders.succeeded(paying), NOON)
    async with pool.connect() as connection:
        await record_uncommitted(connection, Transition.of(moved))
        print("recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
