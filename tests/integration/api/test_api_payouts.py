"""A merchant's money as its program reads it: balances, payouts, their lines, days."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api.scopes import Scope
from clearing.port import PayoutState
from danbao_client import AsyncDanbao
from danbao_client.events import PayoutSent
from domain.accounts import SUSPENSE, Account, Code, Leg
from ledger.port import Posting
from tests.builders import NOON
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop
from tests.integration.clearing.till import Till, posting


@pytest.fixture
def till(engine: AsyncEngine) -> Till:
    return Till(engine)


async def test_the_balance_says_where_the_money_is(shop: Shop, till: Till) -> None:
    assert (await shop.get("/v1/balance")).json()["data"] == []
    await till.paid_out(shop.id, 700)
    await till.sold(shop.id, 300, reserve_bps=1000)
    await till.post(posting((Account(Code.MERCHANT_RECEIVABLE, shop.id), SUSPENSE, 50)))
    [said] = (await shop.get("/v1/balance")).json()["data"]
    assert said == {
        "currency": "EUR", "payable": 270, "reserve": 30, "owed": 50, "in_transit": 700,
        "owed_since": said["owed_since"],
    }  # fmt: skip


async def test_the_balance_says_how_old_the_debt_is(shop: Shop, till: Till) -> None:
    await till.sold(shop.id, 300)
    [said] = (await shop.get("/v1/balance")).json()["data"]
    assert (said["owed"], said["owed_since"]) == (0, None)
    receivable = Account(Code.MERCHANT_RECEIVABLE, shop.id)
    old, new = NOON, NOON + timedelta(days=40)
    for number, (debit, credit, amount, at) in enumerate(
        [
            (receivable, SUSPENSE, 50, old),
            (receivable, SUSPENSE, 30, new),
            (SUSPENSE, receivable, 20, new),
        ],
        1,
    ):
        leg = Leg(debit, credit, amount)
        await till.post(Posting(f"debt:{shop.id}", number, "test", at, "EUR", (leg,)))
    [said] = (await shop.get("/v1/balance")).json()["data"]
    assert (said["owed"], _moment(said["owed_since"])) == (60, old)
    leg = Leg(SUSPENSE, receivable, 30)
    await till.post(Posting(f"debt:{shop.id}", 4, "test", new, "EUR", (leg,)))
    # What was recovered paid the oldest part: only the newer one is open.
    [said] = (await shop.get("/v1/balance")).json()["data"]
    assert (said["owed"], _moment(said["owed_since"])) == (30, new)


def _moment(said: str) -> datetime:
    return datetime.fromisoformat(said)


async def test_a_payout_and_its_lines(shop: Shop, till: Till) -> None:
    payout = await till.paid_out(shop.id, 700, 300, 5)
    seen = (await shop.get(f"/v1/payouts/{payout.id}")).json()
    assert (seen["amount"], seen["status"], seen["account_last4"]) == (1005, "opened", "0018")
    first = (await shop.get(f"/v1/payouts/{payout.id}/lines", limit=2)).json()
    rest = (
        await shop.get(f"/v1/payouts/{payout.id}/lines", limit=2, cursor=first["next_cursor"])
    ).json()
    lines = first["data"] + rest["data"]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert sorted(line["amount"] for line in lines) == [5, 300, 700]
    assert {line["name"] for line in lines} == {"receipt_confirmed"}


async def test_payouts_come_newest_first_by_status_and_by_page(shop: Shop, till: Till) -> None:
    payout = await till.paid_out(shop.id, 700)
    await till.sold(shop.id, 40)
    following = await till.open(shop.id, datetime(2026, 3, 3, tzinfo=UTC).date())
    assert following is not None
    await till.move(payout, PayoutState.SENT)
    first = (await shop.get("/v1/payouts", limit=1)).json()
    assert [one["id"] for one in first["data"]] == [following.id]
    rest = (await shop.get("/v1/payouts", limit=1, cursor=first["next_cursor"])).json()
    assert [one["id"] for one in rest["data"]] == [payout.id]
    sent = (await shop.get("/v1/payouts", status="sent")).json()
    assert [one["id"] for one in sent["data"]] == [payout.id]


async def test_a_day_opens_with_what_the_day_before_closed(shop: Shop, till: Till) -> None:
    await till.paid_out(shop.id, 700)
    await till.sold(shop.id, 40)
    day = (await shop.get(f"/v1/statements/{NOON.date()}", currency="EUR")).json()
    assert (day["opening"], day["closing"]) == (0, 40)
    assert day["opening"] + sum(line["amount"] for line in day["data"]) == day["closing"]
    after = (await shop.get("/v1/statements/2026-03-03", currency="EUR")).json()
    assert (after["opening"], after["closing"], after["data"]) == (40, 40, [])
    assert (await shop.get("/v1/statements/9999-12-31", currency="EUR")).json()["closing"] == 40
    assert (await shop.get("/v1/statements/0001-01-01", currency="EUR")).json()["closing"] == 0


async def test_money_is_shown_to_keys_that_may_see_it(new_shop: NewShop, till: Till) -> None:
    reader = await new_shop("Reader", [Scope.ESCROWS_READ])
    payout = await till.paid_out(reader.id, 700)
    paths = ("balance", "payouts", f"payouts/{payout.id}", f"payouts/{payout.id}/lines")
    for path in (*paths, "statements/2026-03-02?currency=EUR"):
        answer = await reader.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    stranger = await new_shop("Stranger")
    for path in paths[2:]:
        assert (await stranger.get(f"/v1/{path}")).status_code == 404


async def test_the_client_reads_it_and_hears_of_it(shop: Shop, till: Till, served: str) -> None:
    payout = await till.paid_out(shop.id, 700, 300)
    await till.move(payout, PayoutState.SENT)
    async with AsyncDanbao(served, shop.key) as danbao:
        [balance] = await danbao.payouts.balance()
        assert (balance.payable, balance.in_transit) == (0, 1000)
        [seen] = [one async for one in danbao.payouts.list(status="sent")]
        assert seen == await danbao.payouts.get(payout.id)
        assert sum([line.amount async for line in danbao.payouts.lines(payout.id)]) == 1000
        assert (await danbao.payouts.statement(NOON.date(), "EUR")).closing == 0
        told = [event async for event in danbao.events.list() if isinstance(event, PayoutSent)]
    [sent] = told
    assert (sent.payout.id, sent.payout.amount, sent.sequence) == (payout.id, 1000, 1)
