"""The desk's page of clearing: days, and payouts that a person must look at."""

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from clearing.contracts import set_bank_account
from clearing.port import Page, PayoutState, Run
from tests.integration.api.buyer import told
from tests.integration.api.operators.conftest import Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.clearing.till import TODAY, Till

PATH = "/operator/clearing"


@pytest.fixture
async def desk(browser: httpx2.AsyncClient, mei: Person) -> httpx2.AsyncClient:
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    return browser


@pytest.fixture
def till(engine: AsyncEngine) -> Till:
    return Till(engine)


async def test_a_day_says_what_became_of_its_payouts(desk: httpx2.AsyncClient, till: Till) -> None:
    run = Run("sandbox", "ISK", TODAY)
    shops = [await till.merchant(currency="ISK") for _ in range(3)]
    for shop in shops:
        await till.sold(shop, 700, currency="ISK")
    await till.runs.begin(run)
    paid = (await till.runs.clear(Page(run, 0, 1))).payouts
    for state in (PayoutState.SENT, PayoutState.SETTLED):
        await till.move(paid[0], state)
    await till.move(paid[1], PayoutState.FAILED, "account_closed")
    seen = told(await desk.get(PATH))
    assert "sandbox 2,100 ISK 3 1 1 1 under way since" in seen
    assert f"{paid[1].id} : 700 ISK of {TODAY} to {paid[1].merchant_id} . Refused since" in seen
    assert "(account closed)" in seen
    await till.runs.finish(run)
    async with till.engine.begin() as connection:
        await set_bank_account(connection, paid[1].merchant_id, "ISK", "Till", "6222-9")
    after = told(await desk.get(PATH))
    assert paid[1].id not in after
    assert "sandbox 2,100 ISK 3 1 1 1 under way since" not in after


async def test_a_payout_that_takes_days_is_shown(
    desk: httpx2.AsyncClient, till: Till, owner_engine: AsyncEngine
) -> None:
    payout = await till.paid_out(await till.merchant())
    assert payout.id not in told(await desk.get(PATH))
    async with owner_engine.begin() as connection:
        await connection.execute(text("ALTER TABLE payout DISABLE TRIGGER payout_moves_by_steps"))
        late = text("UPDATE payout SET updated_at = now() - interval '4 days' WHERE id = :id")
        await connection.execute(late, {"id": payout.id})
        await connection.execute(text("ALTER TABLE payout ENABLE TRIGGER payout_moves_by_steps"))
    assert f"{payout.id} : 7.00 EUR" in told(await desk.get(PATH))


async def test_what_falls_due_is_drawn_by_day(desk: httpx2.AsyncClient, till: Till) -> None:
    shop = await till.merchant(currency="TOP")
    await till.sold(shop, 900, currency="TOP")
    page = (await desk.get(PATH)).text
    assert 'aria-label="TOP to merchants, by clearing day"' in page
    assert "9.00 TOP</title>" in page
    assert "the day under way ends" in told(await desk.get(PATH))


async def test_nobody_looks_who_is_not_signed_in(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(PATH)
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")
