"""The daily truths hold on what was recorded, and each of them shows what breaks it."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain import events
from ledger.keys import account_id
from ledger.port import Breach
from ledger.truths import TRUTHS, breaches, trial_balance
from tests.builders import PRICE
from tests.integration.ledger.books import CURRENCY, Books


async def test_debits_equal_credits_in_every_currency(books: Books) -> None:
    await books.paid()
    await books.paid(currency="CNY")
    async with books.engine.connect() as connection:
        balance = await trial_balance(connection)
    assert {"EUR", "CNY"} <= balance.keys()
    assert set(balance.values()) == {0}


BREAKS = {
    "both sides are equal": "UPDATE account SET credits = credits + 7 WHERE id = :payable",
    "balances are the sum of their transfers":
        "UPDATE account SET credits = credits + 7 WHERE id = :payable",
    "no guarded account is overdrawn": "DELETE FROM transfer WHERE credit_account = :payable",
    "an ended purchase holds nothing": "UPDATE account SET credits = credits + 7 WHERE id = :held",
    "a purchase's row says what the ledger says":
        "UPDATE escrow SET released = released - 7, refunded = refunded + 7 WHERE id = :escrow",
    "transitions and events are without gaps":
        "DELETE FROM event WHERE escrow_id = :escrow AND sequence = 2",
    "the server counts on from where the ledger stopped":
        "UPDATE account SET upto = '9000000000000000000' WHERE id = :held",
}  # fmt: skip


@pytest.mark.parametrize("truth", TRUTHS)
async def test_each_truth_finds_what_breaks_it(
    books: Books, superuser: AsyncEngine, truth: str
) -> None:
    shipped = await books.record(await books.paid(), events.Shipped())
    done = await books.record(shipped, events.ReceiptConfirmed())
    await books.post((done.accounts.payable, done.accounts.clearing, PRICE))
    said = {
        "escrow": done.terms.escrow_id,
        "held": account_id(done.accounts.held, CURRENCY),
        "payable": account_id(done.accounts.payable, CURRENCY),
    }
    merchant = f"merchant_payable:{done.terms.merchant_id} EUR"
    subjects = {done.terms.escrow_id, CURRENCY, merchant, "the server"}
    async with superuser.connect() as connection:
        before = await breaches(connection)
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        # Only what the statement names changes: the driver wants no parameter it does not use.
        used = {name: value for name, value in said.items() if f":{name}" in BREAKS[truth]}
        await connection.execute(text(BREAKS[truth]), used)
        found: list[Breach] = [one for one in await breaches(connection) if one not in before]
    assert {one.subject for one in found if one.truth == truth} & subjects
