"""What operators see of banks' statements: what is not explained first, then the days."""

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.operators.roles import Role
from api.pages.operator import reconciliation as page_of
from api.reconcile import said, show
from reconciliation import breaks, looking
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.operators.conftest import NewPerson, Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.reconciliation.desk import DAY, Desk, entry

PATH = "/operator/reconciliation"


@pytest.fixture
async def desk(browser: httpx2.AsyncClient, mei: Person) -> httpx2.AsyncClient:
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    return browser


async def test_what_is_not_explained_is_shown_and_the_day_with_it(
    desk: httpx2.AsyncClient, engine: AsyncEngine
) -> None:
    bank = Desk(engine)
    short = await bank.did("payment", 700)
    await bank.read(entry(short, 650), entry("", -25, 25))
    page = await desk.get(PATH)
    seen = told(page)
    assert f"Another amount {bank.bank} · {DAY} · line 1 6.50 EUR 7.00 EUR {short}" in seen
    assert f"A fee of the bank {bank.bank} · {DAY} · line 2 -0.25 EUR 0.00 EUR Nobody knows" in seen
    assert f"{bank.bank} 6.25 EUR 2 1 2 Read; not all is explained" in seen
    assert f'href="/operator/purchases/{short.split(":")[0]}"' in page.text
    only = told(await desk.get(PATH, params={"kind": "fee"}))
    assert f"A fee of the bank {bank.bank}" in only
    assert f"Another amount {bank.bank}" not in only
    assert "statements and books agree" not in told(await desk.get(PATH, params={"kind": "empty"}))


async def test_a_day_without_breaks_is_reconciled(
    desk: httpx2.AsyncClient, engine: AsyncEngine
) -> None:
    bank = Desk(engine)
    await bank.read(entry(await bank.did("payment", 700), 700))
    assert f"{bank.bank} 7.00 EUR 1 1 0 Reconciled" in told(await desk.get(PATH))
    async with engine.connect() as connection:
        days = [one for one in await looking.days(connection, 50) if one.bank == bank.bank]
    (statement,) = said(days, [])["statements"]
    assert (statement["reconciled"], statement["day"]) == (True, DAY.isoformat())


async def test_before_the_first_statement_nothing_is_said_to_agree(
    desk: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page_of, "SHOWN", 0)
    seen = told(await desk.get(PATH))
    assert "None. Statements No statement was read yet." in seen
    assert "statements and books agree" not in seen
    show([], [])
    assert "\nNo bank has shown a statement yet" in f"\n{capsys.readouterr().out}"


async def taken_by(engine: AsyncEngine, break_id: str) -> str:
    """Who looks after it."""
    query = text("select owner from reconciliation_break where id = :id")
    async with engine.connect() as connection:
        return str(await connection.scalar(query, {"id": break_id}))


async def fee(engine: AsyncEngine, bank: Desk) -> str:
    """A break, the first of the queue, whatever other tests have left in it."""
    await bank.read(entry("", -25, 25))
    urgent = text(
        "update reconciliation_break set due_at = now() - interval '1 year'"
        " where bank = :bank returning id"
    )
    async with engine.begin() as connection:
        return str(await connection.scalar(urgent, {"bank": bank.bank}))


async def test_an_operator_takes_a_break_and_the_log_says_so(
    desk: httpx2.AsyncClient, engine: AsyncEngine, owner_engine: AsyncEngine, mei: Person
) -> None:
    found = await fee(engine, Desk(engine))
    action = f"{PATH}/breaks/{found}/owner"
    form = dict(HIDDEN.findall((await desk.get(PATH)).text))[action]
    assert (await desk.post(action, data={"form": "guessed"})).status_code == 403
    taken = await desk.post(action, data={"form": form})
    assert (taken.status_code, taken.headers["location"]) == (303, PATH)
    assert await taken_by(engine, found) == mei.login
    page = await desk.get(PATH)
    assert mei.login in told(page)
    assert action not in page.text
    noted = text(
        "select detail->>'before' from audit_entry where action = 'break_claimed' and subject = :id"
    )
    async with owner_engine.connect() as connection:
        assert (await connection.execute(noted, {"id": found})).scalars().all() == [""]


async def test_a_break_is_taken_over_from_whom_the_page_showed(
    desk: httpx2.AsyncClient, engine: AsyncEngine, mei: Person
) -> None:
    found = await fee(engine, Desk(engine))
    action = f"{PATH}/breaks/{found}/owner"
    form = dict(HIDDEN.findall((await desk.get(PATH)).text))[action]
    async with engine.begin() as connection:
        assert await breaks.take(connection, found, "", "ada")
    late = await desk.post(action, data={"form": form})
    assert late.status_code == 409
    assert "taken by somebody else meanwhile" in told(late)
    assert await taken_by(engine, found) == "ada"
    assert "Take over" in told(late)
    assert (await desk.post(action, data={"form": form, "before": "ada"})).status_code == 303
    assert await taken_by(engine, found) == mei.login


async def test_a_break_that_is_closed_is_not_taken(engine: AsyncEngine) -> None:
    found = await fee(engine, Desk(engine))
    closed = text(
        "update reconciliation_break set closed_at = now(), closed_by = 'bank' where id = :id"
    )
    async with engine.begin() as connection:
        await connection.execute(closed, {"id": found})
        assert not await breaks.take(connection, found, "", "ada")


async def test_a_viewer_takes_no_break(
    browser: httpx2.AsyncClient, engine: AsyncEngine, new_person: NewPerson
) -> None:
    bank = Desk(engine)
    await fee(engine, bank)
    viewer = await new_person(Role.VIEWER)
    await sign_in(browser, viewer.login, viewer.password)
    page = await browser.get(PATH)
    assert f"A fee of the bank {bank.bank}" in told(page)
    assert "/breaks/" not in page.text


async def test_nobody_looks_who_is_not_signed_in(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(PATH)
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")
