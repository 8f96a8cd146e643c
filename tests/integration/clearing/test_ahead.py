"""The payout calendar: what falls due when."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from clearing.ahead import DAYS, Ahead, ahead
from clearing.contracts import set_calendar
from domain import events
from domain.clearing import ClearingCalendar
from tests.integration.clearing.till import Till

# What no other test trades in.
CURRENCY = "VUV"


async def coming(engine: AsyncEngine) -> list[Ahead]:
    async with engine.connect() as connection:
        return [one for one in await ahead(connection) if one.currency == CURRENCY]


async def test_each_day_says_what_falls_due(engine: AsyncEngine) -> None:
    till, now = Till(engine), datetime.now(UTC)
    today = now.date()
    days = ClearingCalendar(
        cutoff=time(23, 59, 59), zone="UTC", closed=frozenset({today + timedelta(days=2)})
    )
    async with engine.begin() as connection:
        await set_calendar(connection, "sandbox", CURRENCY, days)
    assert await coming(engine) == []
    prompt = await till.merchant(currency=CURRENCY, days=0)
    patient = await till.merchant(currency=CURRENCY, days=2)
    distant = await till.merchant(currency=CURRENCY, days=30)
    for merchant, amount in ((prompt, 100), (patient, 40), (distant, 7)):
        paid = await till.books.paid(merchant_id=merchant, amount=amount, currency=CURRENCY)
        await till.books.record(paid, events.Shipped(), events.ReceiptConfirmed(), at=now)
    (seen,) = await coming(engine)
    due = {day.day: day.amount for day in seen.days if day.amount}
    # Two open days after today, of which the day in between is closed, is the third.
    assert due == {today: 100, today + timedelta(days=3): 40}
    assert (seen.bank, seen.later, seen.closed) == ("sandbox", 7, [today + timedelta(days=2)])
    assert (len(seen.days), seen.ends_at) == (DAYS, days.end(today))

    payout = await till.open(prompt, day=today, currency=CURRENCY, at=now)
    assert payout is not None
    (after,) = await coming(engine)
    assert [day.amount for day in after.days if day.amount] == [40]
