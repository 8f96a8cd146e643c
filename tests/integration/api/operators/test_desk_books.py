"""The truths of the books on a page: as `./dev audit` has them."""

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from clearing.debts import Ages
from domain.accounts import Code
from ledger.held import DAYS
from ledger.port import Breach
from runtime.audit import Found, look
from tests.integration.api.buyer import told
from tests.integration.api.operators.conftest import Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.ledger.books import Books, fresh

PATH = "/operator/books"


@pytest.fixture
async def desk(browser: httpx2.AsyncClient, mei: Person) -> httpx2.AsyncClient:
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    return browser


async def test_books_that_are_as_they_must_be(
    desk: httpx2.AsyncClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Books(engine).funded(fresh(Code.MERCHANT_PAYABLE), 700)

    async def fine(pool: AsyncEngine) -> Found:
        """Other tests' books are not always whole: only what they are is left out."""
        found = await look(pool)
        return Found(found.balance, found.cover, [], [])

    monkeypatch.setattr("api.pages.operator.books.look", fine)
    seen = told(await desk.get(PATH))
    assert "Everything that must be true of the books is" in seen
    assert "EUR" in seen
    assert "Trial balance" in seen


async def test_money_held_is_drawn_and_told_in_numbers(
    desk: httpx2.AsyncClient, engine: AsyncEngine
) -> None:
    await Books(engine).paid(currency="WST", amount=12_345)
    page = (await desk.get(PATH)).text
    assert 'aria-label="WST held for buyers and merchants at the end of each day (UTC)"' in page
    assert page.count("<rect ") >= DAYS
    assert "123.45 WST</title>" in page
    seen = told(await desk.get(PATH))
    assert "WST 1 123.45 WST 0.00 WST 0.00 WST 0.00 WST" in seen


async def test_what_merchants_owe_is_shown_by_its_age(
    desk: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def owing(_pool: AsyncEngine) -> Found:
        return Found({"EUR": 0}, {"EUR": (0, 0)}, [], [], debts={"EUR": Ages(1, 20, 300, 4000)})

    monkeypatch.setattr("api.pages.operator.books.look", owing)
    seen = told(await desk.get(PATH))
    assert "What merchants owe us" in seen
    assert "EUR 0.01 EUR 0.20 EUR 3.00 EUR 40.00 EUR" in seen


async def test_what_is_not_true_is_said(
    desk: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong(_pool: AsyncEngine) -> Found:
        breach = Breach("both sides are equal", "EUR <b>", "is apart by 7")
        return Found({"EUR": 700}, {"EUR": (100, 10_700)}, [breach], [3])

    monkeypatch.setattr("api.pages.operator.books.look", wrong)
    page = await desk.get(PATH)
    seen = told(page)
    assert "Something in the books is not as it must be" in seen
    assert "both sides are equal : EUR &lt;b&gt; is apart by 7" in seen
    assert "Seal 3 does not hold what was sealed." in seen
    assert "The trial balance is apart by 7.00 EUR." in seen
    assert "EUR 1.00 EUR 107.00 EUR 7.00 EUR" in seen


async def test_nobody_looks_who_is_not_signed_in(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(PATH)
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")
