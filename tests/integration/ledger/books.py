"""A ledger in a test's words: purchases and accounts with ids that nobody used before."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.accounts import SUSPENSE, Account, Code, Leg
from domain.escrow import Escrow
from domain.events import Event
from ledger.book import RECORD, Book, open_escrow, record_parameters
from ledger.port import Posting, Stored, Transition
from ledger.reading import Reading
from tests import builders
from tests.builders import NOON

CURRENCY = "EUR"


class Books:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.book = Book(engine)
        self.reading = Reading(engine)

    async def open(self, **said: Any) -> Escrow:
        """A new purchase, committed."""
        ids = {"escrow_id": f"esc_{uuid.uuid4().hex}", "merchant_id": f"mer_{uuid.uuid4().hex}"}
        escrow = builders.opened(**(ids | said))
        async with self.engine.begin() as connection:
            await open_escrow(connection, escrow)
        return escrow

    async def record(self, escrow: Escrow, *happened: Event, at: datetime = NOON) -> Escrow:
        """The purchase after all of these, each recorded."""
        for event in happened:
            moved = escrow.after(event, at)
            assert await self.book.record(Transition.of(moved)) is None
            escrow = moved.escrow
        return escrow

    async def paid(self, **said: Any) -> Escrow:
        paying = await self.record(await self.open(**said), builders.started())
        return await self.record(paying, builders.succeeded(paying))

    async def stored(self, escrow: Escrow, event: Event, at: datetime = NOON) -> Stored | None:
        """What the book says to `event`, right after `escrow`."""
        return await self.book.record(step(escrow, event, at))

    async def post(
        self, *legs: tuple[Account, Account, int], subject: str = "", sequence: int = 1
    ) -> None:
        await self.book.post(posting(*legs, subject=subject, sequence=sequence))

    async def owed(self, account: Account) -> int:
        return (await self.reading.balance(account, CURRENCY)).owed

    async def funded(self, account: Account, amount: int) -> Account:
        """`account` with `amount` in it, on the side that its guard protects."""
        legs = (
            (SUSPENSE, account)
            if account.code is not Code.MERCHANT_RECEIVABLE
            else (
                account,
                SUSPENSE,
            )
        )
        await self.post((*legs, amount))
        return account

    async def count(self, table: str, escrow_id: str) -> int:
        column = "subject" if table == "transfer" else "escrow_id"
        query = text(f"SELECT count(*) FROM {table} WHERE {column} = :id")  # noqa: S608
        async with self.engine.connect() as connection:
            return int(await connection.scalar(query, {"id": escrow_id}) or 0)


def step(escrow: Escrow, event: Event, at: datetime = NOON) -> Transition:
    return Transition.of(escrow.after(event, at))


def fresh(code: Code) -> Account:
    """An account of a new owner."""
    return Account(code, uuid.uuid4().hex)


def posting(*legs: tuple[Account, Account, int], subject: str = "", sequence: int = 1) -> Posting:
    journal = tuple(Leg(*leg) for leg in legs)
    return Posting(subject or uuid.uuid4().hex, sequence, "test", NOON, CURRENCY, journal)


def names(steps: Sequence[Any]) -> list[str]:
    return [step.happened.name for step in steps]


async def record_uncommitted(connection: AsyncConnection, transition: Transition) -> None:
    """What `Book.record` executes, on a connection that has a transaction of its own."""
    moved = await connection.scalar(RECORD, record_parameters(transition))
    assert moved == transition.escrow_id
