"""A merchant gives back what was released to it: by the same call, and at the console."""

from typing import Any

import httpx2
import pytest_asyncio

from clearing.contracts import agree, set_bank_account
from clearing.opening import open_payout
from clearing.port import Run
from clearing.runs import newest_day
from domain.clearing import PayoutTerms
from domain.terms import FeePolicy
from tests.conftest import Temporal
from tests.integration.api.buyer import told
from tests.integration.api.course import shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.test_merchant_console import Clerk, forms
from tests.workflows.parts import ScriptedBank


@pytest_asyncio.fixture
async def sold(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    """Released: 129.00 CNY."""
    escrow = await shipped(shop, teller, temporal)
    answer = await shop.post(f"{path(escrow)}/receipt", token=token_of(escrow))
    assert answer.status_code == 202, answer.text
    return await until(shop, answer.json(), "completed")


def path(escrow: dict[str, Any]) -> str:
    return f"/v1/escrows/{escrow['id']}"


async def refund(
    shop: Shop, escrow: dict[str, Any], amount: int, key: str | None = None
) -> httpx2.Response:
    return await shop.post(f"{path(escrow)}/refunds", {"amount": amount}, key=key)


async def given_back(shop: Shop, escrow: dict[str, Any]) -> dict[str, Any]:
    """Once the bank has said so."""
    while escrow["returning"]:
        answer = await shop.http.get(
            path(escrow),
            params={"wait": 5},
            headers={**shop.headers(), "If-None-Match": f'"{escrow["version"]}"'},
        )
        escrow = escrow if answer.status_code == 304 else answer.json()
    return escrow


async def test_the_same_call_goes_on_working_up_to_what_was_released(
    shop: Shop, sold: dict[str, Any], teller: ScriptedBank
) -> None:
    first = await refund(shop, sold, 900, key="first")
    assert first.status_code == 200, first.text
    assert (first.json()["status"], first.json()["refunded"]) == ("completed", 900)
    again = await refund(shop, sold, 900, key="first")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    second = await refund(shop, sold, 12_000)
    assert second.status_code == 200, second.text
    after = await given_back(shop, second.json())
    assert (after["released"], after["refunded"]) == (0, 12_900)
    assert after["funded"] == after["held"] + after["released"] + after["refunded"]
    too_much = await refund(shop, sold, 1)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "amount_exceeds_released")
    for number in (1, 2):
        assert teller.times("refund", f"{sold['id']}:after_sale:{number}") == 1


async def test_everybody_hears_of_it(shop: Shop, sold: dict[str, Any]) -> None:
    await given_back(shop, (await refund(shop, sold, 900)).json())
    events = (await shop.get("/v1/events", types="escrow.refunded")).json()["data"]
    [event] = [one for one in events if one["data"]["escrow"]["id"] == sold["id"]]
    assert event["data"]["detail"] == {
        "number": 1, "amount": 900, "payable": 877, "reserve": 0, "fee_back": 23,
    }  # fmt: skip
    [balance] = (await shop.get("/v1/balance")).json()["data"]
    assert (balance["payable"], balance["owed"]) == (12_000 - fee(12_000), 0)
    link = await shop.http.get(f"/orders/{token_of(sold)}", follow_redirects=False)
    page = await shop.http.get(link.headers["location"], headers={"Cookie": cookie(link)})
    assert "The shop gives money back to you 9.00 CNY" in told(page)
    assert "The bank has given the money back to you" in told(page)


def fee(amount: int) -> int:
    """Of the shops here: what is refunded costs nothing in the end."""
    return FeePolicy(fixed=30, bps=250).of(amount)


def cookie(answer: httpx2.Response) -> str:
    return str(answer.headers["set-cookie"]).partition(";")[0]


async def test_what_was_paid_out_is_refunded_only_as_far_as_the_contract_goes(
    shop: Shop, sold: dict[str, Any]
) -> None:
    await pay_out(shop)
    refused = await refund(shop, sold, 1_000)
    assert (refused.status_code, refused.json()["code"]) == (409, "debt_limit_reached")
    assert (await shop.get(path(sold))).json()["refunded"] == 0
    async with shop.doors.engine.begin() as connection:
        await agree(connection, shop.id, "CNY", PayoutTerms(debt_limit=1_000, fee_back=False))
    assert (await refund(shop, sold, 1_000)).status_code == 200
    [balance] = (await shop.get("/v1/balance")).json()["data"]
    assert (balance["payable"], balance["owed"]) == (0, 1_000)


async def pay_out(shop: Shop) -> None:
    """Everything that was released."""
    async with shop.doors.engine.begin() as connection:
        await agree(connection, shop.id, "CNY", PayoutTerms(days=0))
        await set_bank_account(connection, shop.id, "CNY", "Shop", "6222")
        newest = await newest_day(connection, "sandbox", "CNY")
        later = newest.day.replace(year=newest.day.year + 1, month=1, day=1)
        at = (await connection.exec_driver_sql("SELECT now()")).scalar_one()
        run = Run("sandbox", "CNY", later)
        assert await open_payout(connection, run, shop.id, at) is not None


async def test_a_buyer_gives_nothing_back(shop: Shop, sold: dict[str, Any]) -> None:
    answer = await shop.post(f"{path(sold)}/refunds", {"amount": 1}, token=token_of(sold))
    assert answer.status_code in (403, 409)
    assert (await shop.get(path(sold))).json()["refunded"] == 0


async def test_the_console_gives_back_what_was_released(
    shop: Shop, browser: httpx2.AsyncClient, sold: dict[str, Any]
) -> None:
    clerk = Clerk(browser)
    await clerk.sign_in(shop.key)
    here = f"/merchant/orders/{sold['id']}"
    assert f'href="{here}/refund"' in (await clerk.http.get(here)).text
    form = await clerk.http.get(f"{here}/refund")
    assert "At most 129.00 CNY." in told(form)
    for wrong in ("nine", "0.001"):
        refused = await clerk.send(f"{here}/refund", f"{here}/refund", amount=wrong)
        assert refused.status_code == 422
        assert "Nothing was given back." in told(refused)
    much = await clerk.send(f"{here}/refund", f"{here}/refund", amount="129.01")
    assert much.status_code == 409
    assert "More than was released" not in told(much)
    assert "not more than what is left" in told(much)
    done = await clerk.send(f"{here}/refund", f"{here}/refund", amount="9")
    assert (done.status_code, done.headers["location"]) == (303, here)
    text = told(await clerk.http.get(here))
    assert "You gave money back that had been released to you 9.00 CNY" in text
    assert (await shop.get(path(sold))).json()["refunded"] == 900


async def test_a_form_sent_twice_gives_back_once(
    shop: Shop, browser: httpx2.AsyncClient, sold: dict[str, Any]
) -> None:
    clerk = Clerk(browser)
    await clerk.sign_in(shop.key)
    here = f"/merchant/orders/{sold['id']}/refund"
    seen = await clerk.http.get(here)
    typed = {"form": forms(seen)[here], "amount": "9"}
    for _ in range(2):
        assert (await clerk.http.post(here, data=typed)).status_code == 303
    assert (await shop.get(path(sold))).json()["refunded"] == 900
