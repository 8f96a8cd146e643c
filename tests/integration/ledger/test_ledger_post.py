"""Journals beside purchases: stored once, whole, whoever asks how often."""

import asyncio
from dataclasses import replace

import pytest

from domain.accounts import REFUND_IN_TRANSIT, SUSPENSE, Account, Code
from domain.postings import give_back_unbooked
from ledger.port import LedgerConflict
from tests.builders import ON
from tests.integration.ledger.books import Books, fresh, posting

BANK = Account(Code.BANK_CLEARING, "sandbox")


async def test_a_late_payment_is_posted_once(books: Books) -> None:
    late = replace(posting(), legs=give_back_unbooked(ON, 700))
    await books.book.post(late)
    await books.book.post(late)
    legs = await books.reading.legs(late.subject)
    assert [(leg.leg, leg.debit, leg.credit, leg.amount) for leg in legs] == [
        (1, BANK, SUSPENSE, 700),
        (2, SUSPENSE, REFUND_IN_TRANSIT, 700),
    ]


async def test_the_same_journal_from_32_callers_at_once_is_posted_once(crowd: Books) -> None:
    payable = fresh(Code.MERCHANT_PAYABLE)
    journal = posting((SUSPENSE, payable, 700), (BANK, payable, 30))
    await asyncio.gather(*(crowd.book.post(journal) for _ in range(32)))
    assert len(await crowd.reading.legs(journal.subject)) == 2
    assert await crowd.owed(payable) == 730


async def test_an_empty_journal_is_nothing_to_store(books: Books) -> None:
    empty = posting()
    await books.book.post(empty)
    assert await books.reading.legs(empty.subject) == []


@pytest.mark.parametrize(
    "legs",
    [
        pytest.param([(SUSPENSE, 1), (BANK, 3)], id="another amount"),
        pytest.param([(BANK, 1), (SUSPENSE, 2)], id="another account"),
        pytest.param([(SUSPENSE, 1)], id="a leg less"),
        pytest.param([(SUSPENSE, 1), (BANK, 2), (BANK, 3)], id="a leg more"),
    ],
)
async def test_the_same_id_with_other_legs_is_a_conflict(
    books: Books, legs: list[tuple[Account, int]]
) -> None:
    payable = fresh(Code.MERCHANT_PAYABLE)
    first = posting((SUSPENSE, payable, 1), (BANK, payable, 2))
    other = posting(*((source, payable, amount) for source, amount in legs), subject=first.subject)
    await books.book.post(first)
    with pytest.raises(LedgerConflict, match="other legs"):
        await books.book.post(other)
    assert await books.owed(payable) == 3


async def test_the_same_id_in_another_currency_is_a_conflict(books: Books) -> None:
    first = posting((SUSPENSE, fresh(Code.MERCHANT_PAYABLE), 1))
    await books.book.post(first)
    with pytest.raises(LedgerConflict, match="other legs"):
        await books.book.post(replace(first, currency="CNY"))


async def test_rival_journals_with_one_id_leave_one_of_them(crowd: Books) -> None:
    """32 callers, 32 different journals under one id: one is stored whole, 31 hear of it."""
    payable = fresh(Code.MERCHANT_PAYABLE)
    rivals = [
        posting((SUSPENSE, payable, amount), (BANK, payable, amount), subject=payable.owner)
        for amount in range(1, 33)
    ]
    answers = await asyncio.gather(
        *(crowd.book.post(rival) for rival in rivals), return_exceptions=True
    )
    assert answers.count(None) == 1
    assert sum(isinstance(answer, LedgerConflict) for answer in answers) == 31
    assert await crowd.owed(payable) == 2 * (answers.index(None) + 1)
