"""`./dev audit`, in a container `python -m runtime.audit`: what must be true of the books today.

Prints the trial balance and the cash cover of each currency, and everything that is not as it must
be, with the head of the chain of seals. Ends with 1 when something is not; `--json` prints one
document. `--seal NO:HASH` asks whether the books still hold a head that was published earlier: who
wrote the chain anew can't know what others have kept. Ends with 2 when it can't be a head.
"""

import argparse
import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from clearing.debts import Ages, ages, debts
from clearing.truths import TRUTHS as CLEARING
from domain.money import Money
from ledger.port import Breach, Head, Inspection
from ledger.truths import TRUTHS as LEDGER
from ledger.truths import breaches, cash_cover, trial_balance
from ledger.upkeep import broken_seals, newest_seal
from reconciliation.truths import TRUTHS as STATEMENTS
from runtime.database import engine
from runtime.settings import Settings

#: Of the ledger, and of the rooms that keep books beside it.
TRUTHS = LEDGER | CLEARING | STATEMENTS
#: A seal's number and its SHA-256.
PUBLISHED = re.compile(r"(?P<no>[0-9]{1,18}):(?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Found:
    """`balance` is debits less credits, `cover` (cash at banks, owed to others), by currency.

    `head` is the newest seal, as `head_of` reads it; `debts` what merchants owe us, by its age.
    """

    balance: dict[str, int]
    cover: dict[str, tuple[int, int]]
    breaches: list[Breach]
    broken_seals: list[int]
    head: str = ""
    debts: dict[str, Ages] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        return not (self.breaches or self.broken_seals or any(self.balance.values()))

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.fine, **asdict(self)}


def head_of(published: str) -> Head:
    """From `NO:HASH`, as a head is published. Raises ValueError for anything else."""
    found = PUBLISHED.fullmatch(published.strip().lower())
    if found is None:
        raise ValueError(published)
    return Head(int(found["no"]), found["hash"])


async def look(pool: AsyncEngine, known: Head | None = None) -> Found:
    """All of it in one snapshot: purchases go on meanwhile.

    `known` is a head that was published earlier; its number is among the broken seals when the
    books do not hold it.
    """
    async with snapshot(pool) as connection:
        newest = await newest_seal(connection)
        seen = await inspected(connection)
        return Found(
            seen.balance,
            seen.cover,
            seen.breaches,
            await broken_seals(connection, 1, known),
            f"{newest.no}:{newest.hash}",
            ages(await debts(connection)),
        )


async def inspect(pool: AsyncEngine) -> Inspection:
    """The truths alone, without the seals: a worker looks at those by itself."""
    async with snapshot(pool) as connection:
        return await inspected(connection)


@contextlib.asynccontextmanager
async def snapshot(pool: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with pool.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


async def inspected(connection: AsyncConnection) -> Inspection:
    return Inspection(
        await trial_balance(connection),
        await cash_cover(connection),
        tuple(TRUTHS),
        await breaches(connection, TRUTHS),
    )


def show(found: Found, console: Console) -> None:
    table = Table("Currency", "Trial balance", "Cash at banks", "Owed to others", box=None)
    for currency, (cash, owed) in found.cover.items():
        amounts = (str(Money(abs(one), currency)) for one in (cash, owed))
        table.add_row(currency, str(found.balance[currency]), *amounts)
    console.print(table)
    for currency, age in found.debts.items():
        parts = (age.week, age.month, age.quarter, age.older)
        week, month, quarter, older = (str(Money(part, currency)) for part in parts)
        console.print(
            f"Merchants owe {Money(age.owed, currency)}: {week} for up to a week, {month} for up "
            f"to a month, {quarter} for up to 90 days, {older} for longer",
            markup=False,
        )
    for breach in found.breaches:
        console.print(f"NOT TRUE: {breach.truth}: {breach.subject} {breach.said}", style="red")
    for seal in found.broken_seals:
        console.print(f"NOT TRUE: seal {seal} holds what was sealed", style="red")
    if found.head:
        console.print(f"The newest seal is {found.head}", markup=False)
    if found.fine:
        console.print("Everything that must be true of the books is.")


async def audited(database_url: str, known: Head | None = None) -> Found:
    pool = engine(database_url, pool_size=1)
    try:
        return await look(pool, known)
    finally:
        await pool.dispose()


def asked(arguments: list[str]) -> argparse.Namespace:
    """Ends the process with 2 for what can't be understood."""
    parser = argparse.ArgumentParser("./dev audit", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="one document, for programs")
    parser.add_argument(
        "--seal", type=head_of, metavar="NO:HASH", help="a head that was published earlier"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    said = asked(arguments)
    found = asyncio.run(audited(Settings().database_url, said.seal))
    if said.json:
        sys.stdout.write(json.dumps(found.as_json()) + "\n")
    else:
        show(found, Console(highlight=False, soft_wrap=True))
    return 0 if found.fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
