"""Two books about the same money: the bank's own journal and our ledger, unit by unit."""

import asyncio
from collections import Counter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.truths import breaches
from runtime.database import engine
from tests.chaos.trade import PATIENCE, Street

#: Per purchase: what the bank holds for us (1100) less what it was told to give back (2310), and
#: what is frozen for us (9100).
OURS = text("""
    SELECT split_part(subject, ':', 1) AS escrow_id,
           coalesce(sum(amount) FILTER (WHERE debit.code IN (1100, 2310)), 0)
               - coalesce(sum(amount) FILTER (WHERE credit.code IN (1100, 2310)), 0) AS held,
           coalesce(sum(amount) FILTER (WHERE debit.code = 9100), 0)
               - coalesce(sum(amount) FILTER (WHERE credit.code = 9100), 0) AS frozen
    FROM transfer
    JOIN account AS debit ON debit.id = debit_account
    JOIN account AS credit ON credit.id = credit_account
    GROUP BY 1
""")
#: The same two, as the bank's accounts are called.
CUSTODY, HOLDS = "custody", "holds"
Money = dict[str, tuple[int, int]]


async def the_books_agree(street: Street) -> None:
    """Each purchase stands alike in both books, and nothing that must be true of ours is false.

    A refund that a merchant was granted a moment ago may still be on its way: then both agree
    as soon as it has come to its end.
    """
    pool = engine(street.stack.at.app_url, pool_size=1)
    try:
        async with pool.connect() as connection, asyncio.timeout(PATIENCE):
            theirs = await of_bank(street)
            while await of_ledger(connection) != theirs:
                await asyncio.sleep(0.5)
                theirs = await of_bank(street)
            assert theirs
            assert await breaches(connection) == []
    finally:
        await pool.dispose()


async def of_ledger(connection: AsyncConnection) -> Money:
    rows = (await connection.execute(OURS)).all()
    await connection.rollback()
    return {row.escrow_id: (row.held, row.frozen) for row in rows if row.held or row.frozen}


async def of_bank(street: Street) -> Money:
    held, frozen = Counter[str](), Counter[str]()
    for entry in await street.journal():
        escrow_id = entry["reference"].split(":")[0]
        for account, total in ((CUSTODY, held), (HOLDS, frozen)):
            total[escrow_id] += entry["amount"] * (entry["credit"] == account)
            total[escrow_id] -= entry["amount"] * (entry["debit"] == account)
    return {key: (held[key], frozen[key]) for key in held | frozen if held[key] or frozen[key]}
