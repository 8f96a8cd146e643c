"""Several journals in one statement are the same journals, one by one."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.accounts import SUSPENSE, Code
from ledger.book import post_series
from ledger.errors import InsufficientFunds
from ledger.port import LedgerConflict
from tests.integration.ledger.books import Books, fresh, posting


async def test_a_series_is_its_journals(books: Books) -> None:
    subject, one, other = uuid4().hex, fresh(Code.BANK_CLEARING), fresh(Code.MERCHANT_PAYABLE)
    series = [
        posting((one, SUSPENSE, 5), (SUSPENSE, other, 3), subject=subject, sequence=1),
        posting(subject=subject, sequence=2),
        posting((one, SUSPENSE, 7), subject=subject, sequence=3),
    ]
    async with books.engine.begin() as connection:
        await post_series(connection, series)
        await post_series(connection, [])
    assert await books.owed(other) == 3
    assert await books.owed(one) == -12
    for journal in series:
        # The same again, one by one, is there already.
        await books.book.post(journal)
    query = text("SELECT sequence, leg, amount FROM transfer WHERE subject = :s ORDER BY 1, 2")
    async with books.engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(query, {"s": subject})]
    assert rows == [(1, 1, 5), (1, 2, 3), (3, 1, 7)]


async def test_a_series_with_a_journal_that_can_t_be_posts_nothing(books: Books) -> None:
    subject, poor = uuid4().hex, fresh(Code.MERCHANT_PAYABLE)
    good = posting((SUSPENSE, poor, 3), subject=subject, sequence=1)
    bad = posting((poor, SUSPENSE, 9), subject=subject, sequence=2)
    with pytest.raises(InsufficientFunds):
        async with books.engine.begin() as connection:
            await post_series(connection, [good, bad])
    assert await books.owed(poor) == 0
    await books.book.post(good)
    with pytest.raises(LedgerConflict):
        async with books.engine.begin() as connection:
            await post_series(connection, [good, replace(bad, sequence=3)])
    assert await books.owed(poor) == 3
