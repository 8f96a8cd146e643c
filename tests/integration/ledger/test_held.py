"""How much money was held on each day, and for how long it is."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain import events
from domain.escrow import Escrow
from ledger import held
from tests import builders
from tests.integration.ledger.books import Books

# What no other test trades in.
CURRENCY = "XPF"


async def test_each_day_ends_with_what_was_held(engine: AsyncEngine) -> None:
    books, now = Books(engine), datetime.now(UTC)

    async def paid(amount: int, ago: int) -> Escrow:
        escrow = await books.open(currency=CURRENCY, amount=amount)
        at = now - timedelta(days=ago)
        paying = await books.record(escrow, builders.started(), at=at)
        return await books.record(paying, builders.succeeded(paying), at=at)

    old = await paid(1_000, ago=40)
    await paid(300, ago=5)
    shipped = await books.record(old, events.Shipped(), at=now - timedelta(days=3))
    await books.record(shipped, events.ReceiptConfirmed(), at=now - timedelta(days=2))
    async with engine.connect() as connection:
        days = (await held.daily(connection, days=10))[CURRENCY]
        ages = (await held.ages(connection))[CURRENCY]
    assert [one.amount for one in days] == [1_000] * 4 + [1_300] * 3 + [300] * 3
    assert days[-1].day == now.date()
    assert [one.day for one in days] == sorted(one.day for one in days)
    assert (ages.purchases, ages.day, ages.week, ages.month, ages.older) == (1, 300, 0, 0, 0)
