"""The event log: every event once, in an order that nothing late can break."""

import asyncio
import uuid

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain import events
from domain.escrow import Escrow
from domain.events import ReceiptConfirmed
from ledger.log import Log, Page
from ledger.reading import PublicEvent
from tests import builders
from tests.integration.ledger.books import Books, record_uncommitted, step

PURCHASES = 12


def shop() -> str:
    return f"mer_{uuid.uuid4().hex}"


def names(found: list[PublicEvent]) -> list[tuple[str, str]]:
    return [(event.escrow_id, event.type) for event in found]


async def paying(books: Books, merchant_id: str) -> Escrow:
    opened = await books.open(merchant_id=merchant_id)
    return await books.record(opened, builders.started())


async def page(books: Books, merchant: str, after: str | None = None, limit: int = 100) -> Page:
    found = await Log(books.engine).page(merchant, after, limit)
    assert found is not None
    return found


async def followed(books: Books, merchant: str, limit: int = 100) -> list[PublicEvent]:
    """What somebody reads who goes on from page to page."""
    seen: list[PublicEvent] = []
    more, last = True, None
    while more:
        found = await page(books, merchant, last, limit)
        seen, more, last = seen + found.events, found.more, found.last
    return seen


async def test_a_log_that_is_read_in_pages_holds_every_event_once(books: Books) -> None:
    merchant, stranger = shop(), shop()
    for _ in range(3):
        await books.paid(merchant_id=merchant)
        await books.paid(merchant_id=stranger)
    whole = await page(books, merchant)
    assert [event.type for event in whole.events] == ["escrow.created", "escrow.paid"] * 3
    assert {event.merchant_id for event in whole.events} == {merchant}
    for limit in (1, 2, 4, 6):
        assert await followed(books, merchant, limit) == whole.events


async def test_events_of_one_step_come_in_their_order(books: Books) -> None:
    merchant = shop()
    paid = await books.paid(merchant_id=merchant)
    await books.record(paid, events.Shipped(), ReceiptConfirmed())
    found = await page(books, merchant)
    assert [event.sequence for event in found.events] == [1, 2, 3, 4, 5]
    assert [event.type for event in found.events][-2:] == ["escrow.confirmed", "escrow.released"]


async def test_no_event_is_skipped_when_a_later_transaction_commits_first(books: Books) -> None:
    """The earlier one has the lower number, and a reader comes between the two commits."""
    merchant = shop()
    slow, quick = await paying(books, merchant), await paying(books, merchant)
    start = (await page(books, merchant)).last
    async with books.engine.begin() as connection:
        await record_uncommitted(connection, step(slow, builders.succeeded(slow)))
        await books.record(quick, builders.succeeded(quick))
        between = await page(books, merchant, start)
        assert (between.events, between.more, between.last) == ([], False, start)
    after = await page(books, merchant, between.last)
    both = [(which.terms.escrow_id, "escrow.paid") for which in (slow, quick)]
    assert names(after.events) == both


async def test_the_number_of_a_transaction_decides_not_the_events_own(books: Books) -> None:
    """A transaction that began first and wrote its event last: lower xid, higher position."""
    merchant = shop()
    first, second = await paying(books, merchant), await paying(books, merchant)
    start = (await page(books, merchant)).last
    assert start is not None
    async with books.engine.connect() as early, books.engine.connect() as late:
        for connection in (early, late):
            await connection.execute(text("SELECT pg_current_xact_id()"))
        await record_uncommitted(late, step(second, builders.succeeded(second)))
        await record_uncommitted(early, step(first, builders.succeeded(first)))
        await early.commit()
        seen = await page(books, merchant, start)
        assert names(seen.events) == [(first.terms.escrow_id, "escrow.paid")]
        await late.commit()
    rest = await page(books, merchant, seen.last)
    assert names(rest.events) == [(second.terms.escrow_id, "escrow.paid")]


async def test_a_reader_among_many_writers_misses_nothing(crowd: Books) -> None:
    merchant = shop()
    purchases = [await paying(crowd, merchant) for _ in range(PURCHASES)]
    writing = asyncio.gather(
        *(crowd.record(purchase, builders.succeeded(purchase)) for purchase in purchases)
    )
    seen: list[PublicEvent] = []
    last: str | None = None
    written, more = False, True
    while more or not written:
        written = writing.done()
        found = await page(crowd, merchant, last, 3)
        seen, more, last = seen + found.events, found.more, found.last
    await writing
    assert len(seen) == 2 * PURCHASES
    assert seen == await followed(crowd, merchant)


async def test_a_log_of_some_types_goes_on_after_what_it_left_out(books: Books) -> None:
    merchant = shop()
    await books.paid(merchant_id=merchant)
    log = Log(books.engine)
    found = await log.page(merchant, None, 10, ["escrow.disputed"])
    assert found is not None
    assert (found.events, found.more) == ([], False)
    paid = (await page(books, merchant)).events[1]
    assert found.last == paid.id
    one = await log.page(merchant, None, 10, ["escrow.paid", "escrow.closed"])
    assert one == Page([paid], more=False, last=paid.id)


async def test_whoever_has_no_events_yet_starts_at_the_beginning(books: Books) -> None:
    merchant = shop()
    assert await page(books, merchant) == Page([], more=False, last=None)
    await books.open(merchant_id=merchant)
    assert len((await page(books, merchant)).events) == 1


async def test_a_place_in_somebody_elses_log_is_none(books: Books) -> None:
    ours, theirs = shop(), shop()
    await books.open(merchant_id=theirs)
    log = Log(books.engine)
    foreign = (await page(books, theirs)).last
    assert await log.page(ours, foreign, 10) is None
    assert await log.page(ours, "evt_" + "0" * 32, 10) is None


async def test_an_event_is_found_by_its_id_and_by_its_purchase(books: Books) -> None:
    paid = await books.paid()
    log = Log(books.engine)
    created, told = await log.of_purchase(paid.terms.escrow_id)
    assert (created.sequence, told.sequence) == (1, 2)
    assert await log.of_purchase(paid.terms.escrow_id, after=1) == [told]
    assert await log.of_purchase(paid.terms.escrow_id, after=2) == []
    assert await log.find(told.id) == told
    assert await log.find("evt_nobody") is None


async def test_a_page_is_read_by_its_index(owner_engine: AsyncEngine) -> None:
    query = text("""
        EXPLAIN SELECT id FROM event WHERE merchant_id = 'm' AND (xid, position) > ('7', 7)
        AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, position LIMIT 20
    """)
    async with owner_engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join((await connection.scalars(query)).all())
    assert "Index Scan using event_log" in plan
    assert "Sort" not in plan
