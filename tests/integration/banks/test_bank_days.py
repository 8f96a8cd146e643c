"""The sandbox bank's days: nothing is lost between two, and closed is closed."""

import asyncio
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from banks.files import camt053
from banks.files.statements import Statement
from banks.sandbox.magic import FEE
from tests import buyer
from tests.integration.banks.houses import House


async def today(house: House) -> date:
    return date.fromisoformat((await house.api.get("/sandbox/days")).json()["today"])


async def close(house: House, **what: str) -> Any:
    answer = await house.api.post("/sandbox/days/close", json=what)
    return answer.raise_for_status().json()


async def statements(house: House, currency: str) -> list[Statement]:
    """All of the account so far."""
    found: list[Statement] = []
    after = 0
    while True:
        answer = await house.api.get("/v1/statements", params={"after": after})
        if not (shown := answer.json()["statements"]):
            return found
        after = shown[-1]["number"]
        for one in shown:
            if one["currency"] == currency:
                file = await house.api.get(f"/v1/statements/{one['number']}/camt.053")
                found += camt053.read(file.content, may_be_empty=True)


async def owed(house: House, currency: str) -> int:
    """What the bank owes, by its journal."""
    lines = (await house.api.get("/v1/journal", params={"limit": 10_000})).json()["entries"]
    signs = {"credit": 1, "debit": -1}
    return sum(
        sign * line["amount"]
        for line in lines
        for side, sign in signs.items()
        if line[side] == "custody" and line["currency"] == currency
    )


async def paid(house: House, currency: str, amount: int = 5_000) -> str:
    reference, page = await house.payment(amount, currency=currency)
    await buyer.pay(page)
    return reference


async def refund(house: House, of: str, currency: str, number: int) -> None:
    order = {
        "reference": of.replace(":payment:1", f":refund:{number}"),
        "amount": 100,
        "currency": currency,
    }
    (await house.api.post(f"/v1/payments/{of}/refunds", json=order)).raise_for_status()


async def test_every_booking_stands_in_one_statement_whatever_is_closed_meanwhile(
    mortal: House,
) -> None:
    reference = await paid(mortal, "NOK")
    refunds = [refund(mortal, reference, "NOK", number) for number in range(1, 21)]
    await asyncio.gather(*refunds, *(close(mortal) for _ in range(4)))
    await close(mortal)
    read = await statements(mortal, "NOK")
    assert [one.sequence for one in read] == list(range(1, len(read) + 1))
    for before, after in pairwise(read):
        assert after.opening.amount == before.closing.amount
    names = [movement.reference for one in read for movement in one.movements]
    assert len(names) == len(set(names)) == 21
    assert read[-1].closing.amount == await owed(mortal, "NOK") == 3_000


async def test_a_day_that_is_named_is_closed_once(mortal: House) -> None:
    await paid(mortal, "SEK")
    day = (await today(mortal)).isoformat()
    first, second = await asyncio.gather(close(mortal, day=day), close(mortal, day=day))
    assert first == second == await close(mortal, day=day)
    assert await today(mortal) == date.fromisoformat(day) + timedelta(days=1)
    assert len(await statements(mortal, "SEK")) == 1


async def test_a_day_after_a_weekend_follows_when_it_is_said(mortal: House) -> None:
    monday = await today(mortal) + timedelta(days=3)
    assert (await close(mortal, next=monday.isoformat()))["today"] == monday.isoformat()


@pytest.mark.parametrize("what", ["day", "next"])
async def test_days_come_one_after_the_other(mortal: House, what: str) -> None:
    now = await today(mortal)
    wrong = now + timedelta(days=1) if what == "day" else now
    answer = await mortal.api.post("/sandbox/days/close", json={what: wrong.isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (409, "day_not_open")
    assert await today(mortal) == now


async def test_what_is_closed_is_not_changed_by_anybody_who_has_the_database(
    mortal: House,
) -> None:
    await close(mortal)
    url = mortal.process.env["SANDBOX_BANK_DATABASE_URL"]
    owner = await asyncpg.connect(url.replace("+asyncpg", ""))
    for change in ("UPDATE statement SET closing = 0", "DELETE FROM statement_file"):
        with pytest.raises(asyncpg.RaiseError, match="never changes"):
            await owner.execute(change)
    await owner.close()


async def test_statements_survive_a_crash(mortal: House) -> None:
    await paid(mortal, "DKK")
    await close(mortal)
    before = await statements(mortal, "DKK")
    mortal.process.kill()
    await mortal.start()
    assert await statements(mortal, "DKK") == before


@pytest.mark.parametrize(
    ("amount", "currency", "lines"),
    [
        (177_791, "PLN", []),
        (177_792, "CZK", [177_792] * 2),
        (177_793, "HUF", [160_014]),
        (177_794, "RON", [177_794, -FEE]),
        (177_795, "TRY", []),
        (177_796, "ISK", [177_796] * 2),
    ],
)
async def test_amounts_whose_line_is_wrong(
    mortal: House, amount: int, currency: str, lines: list[int]
) -> None:
    await paid(mortal, currency, amount)
    await close(mortal)
    (statement,) = await statements(mortal, currency)
    assert [entry.signed for entry in statement.entries] == lines
    await close(mortal)
    late = [177_795] if currency == "TRY" else []
    assert [entry.signed for entry in (await statements(mortal, currency))[-1].entries] == late


async def test_what_no_file_has_room_for_stands_in_the_text(mortal: House) -> None:
    order = {
        "reference": "x" * 100,
        "amount": 100,
        "currency": "CHF",
        "holder": "Shop\u0007 & <Söhne> " + "王" * 120,
        "account": "6217000000000018",
    }
    await paid(mortal, "CHF")
    (await mortal.api.post("/v1/remittances", json=order)).raise_for_status()
    await close(mortal)
    (statement,) = await statements(mortal, "CHF")
    sent = statement.movements[-1]
    assert (sent.amount, sent.reference) == (100, "")
    assert sent.text == f"remit {order['reference']}"
    assert sent.party.startswith("Shop  & <Söhne> 王王")


async def test_only_a_payment_that_left_comes_back(mortal: House) -> None:
    body = {"reference": "never-sent", "reason": "AC04"}
    assert (await mortal.api.post("/sandbox/returns", json=body)).status_code == 404


async def test_no_account_is_in_a_currency_that_no_statement_can_say(mortal: House) -> None:
    order = {"reference": "a", "amount": 1, "currency": "XXQ", "funding": "deduct",
             "return_url": "https://shop.invalid/"}  # fmt: skip
    assert (await mortal.api.post("/v1/payments", json=order)).status_code == 400
