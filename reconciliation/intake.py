"""A statement is stored whole, once, and in its place; what it says is not judged yet."""

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from banks.files.statements import Entry, Movement, Statement
from domain.reconciliation import Kind, Way
from reconciliation import breaks
from reconciliation.port import Changed, Discontinuous, Due, OutOfOrder, Taken, Unreadable
from reconciliation.reading import line_of, read
from reconciliation.tables import StatementFile, StatementLine

_FILES = UUID("3d1f0f6b-0c0e-4b7f-9a41-6f2f5a1c7e90")
#: Rows of one INSERT: PostgreSQL takes 32,767 values at a time.
AT_ONCE = 2_000


def file_id(due: Due) -> str:
    """`stm_…`, the same for every try."""
    return f"stm_{uuid5(_FILES, f'{due.bank}:{due.currency}:{due.sequence}').hex}"


async def take_in(connection: AsyncConnection, due: Due, content: bytes) -> Taken:
    """Uncommitted. Raises StatementError's kinds, and has stored nothing then."""
    digest = hashlib.sha256(content).digest()
    # Two that take in statements of one account at a time would both see the same one before.
    account = func.hashtext(f"statements {due.bank} {due.currency}")
    await connection.execute(select(func.pg_advisory_xact_lock(account)))
    known = await _known(connection, due)
    if known is not None:
        if known.sha256 != digest:
            raise Changed(f"statement {due.sequence} of {due.bank} {due.currency} was another one")
        return Taken(known.id, known.lines)
    before = await _before(connection, due)
    statement = read(content, f"{due.bank} {due.currency} {due.sequence}")
    _belongs(statement, due, before)
    lines = list(_lines(file_id(due), statement))
    said = {
        "name": statement.id,
        "opening": statement.opening.amount,
        "closing": statement.closing.amount,
        "made_at": statement.created_at,
        "lines": len(lines),
    }
    await _store(connection, due, content, said)
    for first in range(0, len(lines), AT_ONCE):
        await connection.execute(insert(StatementLine), lines[first : first + AT_ONCE])
    if not lines:
        await breaks.open_all(connection, [breaks.Found(Kind.EMPTY, file_id(due))])
    return Taken(file_id(due), len(lines))


async def _known(connection: AsyncConnection, due: Due) -> Any:
    row = StatementFile
    query = select(col(row.id), col(row.sha256), col(row.lines)).where(
        col(row.bank) == due.bank,
        col(row.currency) == due.currency,
        col(row.sequence) == due.sequence,
    )
    return (await connection.execute(query)).one_or_none()


async def _before(connection: AsyncConnection, due: Due) -> int | None:
    """What the statement before closed with; None before the first. Raises OutOfOrder.

    Two that were judged at a time would take each other's lines for missing.
    """
    row = StatementFile
    newest = (
        select(col(row.sequence), col(row.closing), col(row.finished_at))
        .where(col(row.bank) == due.bank, col(row.currency) == due.currency)
        .order_by(col(row.sequence).desc())
        .limit(1)
    )
    found = (await connection.execute(newest)).one_or_none()
    if found is None:
        return None
    if found.sequence + 1 != due.sequence:
        raise OutOfOrder(f"after {found.sequence} comes {found.sequence + 1}, not {due.sequence}")
    if found.finished_at is None:
        raise OutOfOrder(f"{found.sequence} is not read to its end yet")
    return int(found.closing)


def _belongs(statement: Statement, due: Due, before: int | None) -> None:
    said = (statement.account.number, statement.currency, statement.sequence)
    if said != (due.account, due.currency, due.sequence):
        raise Unreadable(f"it is number {said[2]} in {said[1]}, or of another account")
    # Money from before the first statement is not in the books, and so not in question.
    if statement.opening.amount != (before or 0):
        raise Discontinuous(f"it opens with {statement.opening.amount}, not with {before or 0}")


async def _store(
    connection: AsyncConnection, due: Due, content: bytes, said: dict[str, Any]
) -> None:
    row = {
        "id": file_id(due),
        "bank": due.bank,
        "currency": due.currency,
        "sequence": due.sequence,
        "day": due.day,
        "sha256": hashlib.sha256(content).digest(),
        "content": content,
    }
    await connection.execute(insert(StatementFile).values(row | said))


def _lines(of: str, statement: Statement) -> Iterator[dict[str, Any]]:
    number = 0
    for entry in statement.entries:
        for movement in _movements(entry):
            number += 1
            line = line_of(movement)
            yield {
                "file_id": of,
                "number": number,
                "amount": line.amount if line.way is Way.IN else -line.amount,
                "charges": line.charges,
                "reference": movement.reference,
                "bank_reference": movement.bank_reference or entry.bank_reference,
                "booked_on": entry.booked_on,
                "value_on": entry.value_on,
                "returned": movement.returned.code if movement.returned else "",
                "text": movement.text,
            }


def _movements(entry: Entry) -> Iterator[Movement]:
    """What a bank takes off a batch as a whole is a movement of its own."""
    yield from entry.movements
    if entry.charges:
        side = entry.side.of(-entry.charges)
        charged = max(entry.charges, 0)
        yield Movement(abs(entry.charges), side, charges=charged, text="charges of a batch")
