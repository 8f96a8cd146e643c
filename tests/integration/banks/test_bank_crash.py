"""kill -9 of the bank: its journal is right, whatever its merchant heard."""

import asyncio
import contextlib
from typing import Any

import asyncpg
import httpx2
import pytest

from runtime.demo.browser import PageNotAsExpected
from tests import buyer
from tests.integration.banks.houses import House


async def killed_while(house: House, reference: str, kind: str) -> None:
    """Kill the bank while a refund waits before (`slow`) or after (`slow_answer`) the effect."""
    prefix = reference.partition(":")[0]
    await house.fault("refund", kind, seconds=30, prefix=prefix, times=1)
    refund = asyncio.create_task(house.refund(reference))
    await asyncio.sleep(1)
    house.process.kill()
    with pytest.raises(httpx2.TransportError):
        await refund
    await house.start()


async def test_executed_and_not_answered_is_executed_once(mortal: House) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page)
    await killed_while(mortal, reference, "slow_answer")
    assert (await mortal.find(reference.replace("payment", "refund")))["status"] == "refunded"
    assert (await mortal.refund(reference)).status_code == 200
    assert await mortal.journal(reference) == [("deduct", 5_000), ("refund", 5_000)]


async def test_not_yet_executed_is_not_executed(mortal: House) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page)
    await killed_while(mortal, reference, "slow")
    found = await mortal.find(reference.replace("payment", "refund"))
    assert found["code"] == "unknown_reference"
    assert await mortal.journal(reference) == [("deduct", 5_000)]
    assert (await mortal.refund(reference)).status_code == 200
    assert await mortal.journal(reference) == [("deduct", 5_000), ("refund", 5_000)]


async def test_what_was_pending_is_done_after_the_banks_death(mortal: House) -> None:
    reference, page = await mortal.payment()
    await buyer.pay(page, "zheng.shi")
    mortal.process.kill()
    await mortal.start()
    async with asyncio.timeout(20):
        while (await mortal.find(reference))["status"] != "deducted":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await mortal.journal(reference) == [("deduct", 5_000)]


async def test_a_buyer_goes_on_at_the_page_of_a_restarted_bank(mortal: House) -> None:
    reference, page = await mortal.payment()
    async with buyer.new_browser() as browser:
        seen = await browser.open(page)
        seen = await browser.press(seen, "/sign-in", customer="li.lei", password="sandbox")
        mortal.process.kill()
        await mortal.start()
        await browser.press(seen, "/confirm", code="123456")
    assert await mortal.journal(reference) == [("deduct", 5_000)]


async def test_money_in_is_money_out_under_random_kills(mortal: House) -> None:
    """Buyers and refunds go on while the bank dies again and again."""
    paid = [await mortal.payment(amount=900) for _ in range(12)]
    async with asyncio.timeout(120), asyncio.TaskGroup() as street:
        street.create_task(killed_again_and_again(mortal))
        for reference, page in paid:
            street.create_task(pay_and_take_back(mortal, reference, page))
    for reference, _ in paid:
        assert await mortal.journal(reference) == [("deduct", 900), *[("refund", 300)] * 3]
    assert await unbalanced(mortal) == []


async def killed_again_and_again(house: House) -> None:
    for _ in range(4):
        await asyncio.sleep(0.4)
        house.process.kill()
        await house.start()


async def pay_and_take_back(house: House, reference: str, page: str) -> None:
    """Insist, as often as the line breaks."""
    while (await found(house, reference)).get("status") != "deducted":
        # Paid in the try before, the page has no form any more.
        with contextlib.suppress(httpx2.TransportError, PageNotAsExpected):
            await buyer.pay(page)
    for number in (1, 2, 3):
        while not await refunded(house, reference, number):
            pass


async def found(house: House, reference: str) -> dict[str, Any]:
    with contextlib.suppress(httpx2.TransportError):
        return await house.find(reference)
    await asyncio.sleep(0.05)
    return {}


async def refunded(house: House, reference: str, number: int) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return (await house.refund(reference, 300, number)).status_code == 200
    await asyncio.sleep(0.05)
    return False


#: Accounts and payments that disagree with the journal. Whatever was killed, there is none.
UNBALANCED = """
WITH side AS (
    SELECT credit AS account, currency, amount FROM transfer
    UNION ALL SELECT debit, currency, -amount FROM transfer
), total AS (SELECT account, currency, sum(amount) AS amount FROM side GROUP BY 1, 2),
told AS (
    SELECT id AS account, currency, balance::numeric AS amount FROM account
    UNION ALL SELECT 'holds', currency, sum(frozen) FROM payment GROUP BY 2
    UNION ALL SELECT 'custody', currency, sum(taken - refunded) FROM payment GROUP BY 2
)
SELECT account, currency, told.amount, total.amount
FROM told FULL JOIN total USING (account, currency)
WHERE account <> 'vault' AND coalesce(told.amount, 0) <> coalesce(total.amount, 0)
"""


async def unbalanced(house: House) -> list[Any]:
    url = house.process.env["SANDBOX_BANK_DATABASE_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(UNBALANCED))
    finally:
        await connection.close()
