"""Which answers banks owe: not those that a buyer has not given yet."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.operators.overview import overview
from domain import events
from domain.escrow import Escrow
from domain.states import BANK_SILENT
from tests import builders
from tests.integration.api.buyer import told
from tests.integration.api.operators.conftest import Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.ledger.books import Books

TOLD = text(
    "insert into bank_operation (reference, bank, operation, escrow_id, merchant_id, amount,"
    " currency, of, state, request_hash, answer, created_at) values (:id || ':payment:1',"
    " 'sandbox', 'payment', :id, 'mer_1', 77, 'EUR', '', cast(:state as text), '\\x00',"
    " case when :state = 'pending' then cast(:answer as jsonb) end, now() - interval '2 hours')"
)
PENDING = '{"kind": "pending"}'


@pytest_asyncio.fixture
async def books(engine: AsyncEngine, owner_engine: AsyncEngine) -> AsyncIterator[Books]:
    yield Books(engine)
    async with owner_engine.begin() as connection:
        await connection.execute(text("delete from bank_operation where merchant_id = 'mer_1'"))


async def paying(books: Books, state: str, began: timedelta = timedelta(0)) -> Escrow:
    """A buyer was sent to a bank that has said `state` since."""
    at = datetime.now(UTC) - began
    opened = await books.open(opened_at=at)
    escrow = await books.record(opened, builders.started(), at=at)
    said = {"id": escrow.terms.escrow_id, "state": state, "answer": PENDING}
    async with books.engine.begin() as connection:
        await connection.execute(TOLD, said)
    return escrow


async def unknown(books: Books) -> int:
    return (await overview(books.engine)).counts["unknown"]


async def test_a_buyer_at_the_banks_page_is_nothing_that_a_bank_owes(books: Books) -> None:
    before = await unknown(books)
    await paying(books, "pending")
    assert await unknown(books) == before


async def test_a_bank_that_has_not_said_anything_owes_an_answer(books: Books) -> None:
    before = await unknown(books)
    await paying(books, "sending")
    assert await unknown(books) == before + 1


async def test_when_the_time_to_pay_is_over_the_bank_owes_it(books: Books) -> None:
    before = await unknown(books)
    await paying(books, "pending", began=timedelta(days=1))
    assert await unknown(books) == before + 1


async def test_a_payment_under_review_is_owed(books: Books) -> None:
    before = await unknown(books)
    escrow = await paying(books, "pending")
    silent = events.ReviewNeeded(reason=BANK_SILENT)
    await books.record(escrow, silent, at=datetime.now(UTC))
    assert await unknown(books) == before + 1


async def test_an_answer_that_says_no_more_than_its_state_is_not_repeated(
    books: Books, browser: httpx2.AsyncClient, mei: Person
) -> None:
    escrow = await paying(books, "pending", began=timedelta(days=1))
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    seen = told(await browser.get("/operator/attention"))
    assert f"{escrow.terms.escrow_id}:payment:1 : payment of 0.77 EUR" in seen
    assert "not decided since" in seen
    assert "pending" not in seen
