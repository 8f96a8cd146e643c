"""Opening one merchant's payout of a clearing day: all in one transaction, once."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    SmallInteger,
    Text,
    Uuid,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from clearing.balances import claim, standing
from clearing.contracts import ACTIVE, bank_account, calendar, payout_terms
from clearing.items import PAYS, kept_until, move_horizon, open_items, reserved
from clearing.port import Payout, PayoutState, Run
from clearing.tables import Payout as PayoutRow
from clearing.tables import PayoutAccount, PayoutLine
from domain import postings
from domain.accounts import Accounts, Code, Journal
from domain.clearing import RESERVE_FREED, OpenItem, PayoutTerms, lines_of_payout, total
from ledger.book import post
from ledger.port import Posting
from ledger.statements import rows

_PAYOUTS = UUID("0d6cbb0e-51f3-4a7e-9d0c-5b1ad8c1a2f7")


def _all_lines() -> Insert:
    """In one statement: the database looks at each whether the payout is their sum."""
    line = rows("line", journal_id=Uuid, leg=SmallInteger, amount=BigInteger)
    written = select(*line.c, bindparam("payout", type_=Text))
    return insert(PayoutLine).from_select([*line.c.keys(), "payout_id"], written)


_LINES = _all_lines()


class NoBankAccount(Exception):
    """Something is due, and there are no details, or frozen ones: it stays payable."""


def payout_id(run: Run, merchant_id: str) -> str:
    """`pay_…`, fixed before anything was tried: a run that begins anew finds what it opened."""
    name = f"{merchant_id}:{run.bank}:{run.currency}:{run.day.isoformat()}"
    return f"pay_{uuid.uuid5(_PAYOUTS, name).hex}"


async def open_payout(
    connection: AsyncConnection, run: Run, merchant_id: str, at: datetime
) -> Payout | None:
    """What is due to the merchant, taken out of its payable account; None when nothing is.

    First its debts are recovered and its reserve comes free, then all that is due is netted.
    `at` is the run's first moment, the same at every try. Raises NoBankAccount.
    """
    await claim(connection, merchant_id, run.currency)
    new = payout_id(run, merchant_id)
    opened = await find(connection, new)
    if opened is not None:
        return opened
    terms = await payout_terms(connection, merchant_id, run.currency)
    await _free_reserve(connection, run, merchant_id, terms, at)
    await _recover_debt(connection, run, merchant_id, at)
    lines = await _lines(connection, run, merchant_id, terms)
    if not lines:
        await move_horizon(connection, merchant_id, run.currency)
        return None
    account = await bank_account(connection, merchant_id, run.currency)
    if account is None or account.state != ACTIVE:
        raise NoBankAccount(merchant_id)
    await _open(connection, run, merchant_id, account.id, lines, at)
    await move_horizon(connection, merchant_id, run.currency)
    return await find(connection, new)


async def find(connection: AsyncConnection, payout: str) -> Payout | None:
    return next(iter(await found(connection, col(PayoutRow.id) == payout)), None)


async def found(connection: AsyncConnection, which: ColumnElement[bool]) -> tuple[Payout, ...]:
    """Payouts with the bank details that they were opened to, by id."""
    row = PayoutRow
    query = (
        select(
            col(row.id),
            col(row.merchant_id),
            col(row.bank),
            col(row.currency),
            col(row.amount),
            col(row.reference),
            col(PayoutAccount.holder),
            col(PayoutAccount.number),
        )
        .join_from(row, PayoutAccount, col(PayoutAccount.id) == col(row.account_id))
        .where(which)
        .order_by(col(row.id))
    )
    return tuple(Payout(*one) for one in await connection.execute(query))


async def _lines(
    connection: AsyncConnection, run: Run, merchant_id: str, terms: PayoutTerms
) -> tuple[OpenItem, ...]:
    items = await open_items(connection, merchant_id, run.currency)
    days = await calendar(connection, run.bank, run.currency)
    return lines_of_payout(items, run.bank, terms, days, run.day)


async def _open(
    connection: AsyncConnection,
    run: Run,
    merchant_id: str,
    account: str,
    lines: Sequence[OpenItem],
    at: datetime,
) -> None:
    new, amount = payout_id(run, merchant_id), total(lines)
    await connection.execute(
        insert(PayoutRow).values(
            id=new,
            merchant_id=merchant_id,
            bank=run.bank,
            currency=run.currency,
            day=run.day,
            amount=amount,
            account_id=account,
            reference=f"{new}:remit:1",
            state=PayoutState.OPENED,
        )
    )
    await connection.execute(
        _LINES,
        {
            "payout": new,
            "line_journal_id": [UUID(line.journal) for line in lines],
            "line_leg": [line.leg for line in lines],
            "line_amount": [line.amount for line in lines],
        },
    )
    legs = postings.payout_sent(_accounts(merchant_id, run), amount)
    await post(connection, Posting(new, 1, PAYS, at, run.currency, legs))


async def _recover_debt(
    connection: AsyncConnection, run: Run, merchant_id: str, at: datetime
) -> None:
    owed = -await standing(connection, Code.MERCHANT_RECEIVABLE, merchant_id, run.currency)
    payable = await standing(connection, Code.MERCHANT_PAYABLE, merchant_id, run.currency)
    if owed > 0 and payable > 0:
        legs = postings.recover_debt(_accounts(merchant_id, run), payable, owed)
        subject = f"debt:{payout_id(run, merchant_id)}"
        sequence = await _next(connection, subject)
        await _post(connection, run, (subject, sequence, "debt_recovered"), at, legs)


async def _free_reserve(
    connection: AsyncConnection, run: Run, merchant_id: str, terms: PayoutTerms, at: datetime
) -> None:
    days = await calendar(connection, run.bank, run.currency)
    before = kept_until(days.end(run.day), terms.reserve_days)
    for kept in await reserved(connection, merchant_id, run.currency, before):
        # A chargeback may have used some of it.
        there = await standing(connection, Code.MERCHANT_RESERVE, merchant_id, run.currency)
        legs = postings.free_reserve(_accounts(merchant_id, run), min(kept.amount, there))
        subject = f"reserve:{kept.journal}"
        await _post(connection, run, (subject, kept.leg, RESERVE_FREED), at, legs)


async def _post(
    connection: AsyncConnection,
    run: Run,
    what: tuple[str, int, str],
    at: datetime,
    legs: Journal,
) -> None:
    await post(connection, Posting(*what, at, run.currency, legs))


async def _next(connection: AsyncConnection, subject: str) -> int:
    taken = text("SELECT coalesce(max(sequence), 0) FROM transfer WHERE subject = :subject")
    return int(await connection.scalar(taken, {"subject": subject}) or 0) + 1


def _accounts(merchant_id: str, run: Run) -> Accounts:
    return Accounts("", merchant_id, run.bank)
