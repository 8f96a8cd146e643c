"""Breaks are opened once, by what they are about, and closed once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from domain.reconciliation import PASSING, Kind
from reconciliation.tables import Break, StatementFile

_BREAKS = UUID("a2c6d0a4-5f7e-4e36-8c5c-1a0a0d3f8b12")
#: How long an operator may take. What goes away by itself has the time that it takes.
DUE = {
    Kind.TIMING: timedelta(days=3),
    Kind.CUT_OFF: timedelta(days=3),
    Kind.MISSING_OURS: timedelta(days=1),
    Kind.MISSING_THEIRS: timedelta(days=1),
    Kind.AMOUNT: timedelta(days=1),
    Kind.DUPLICATE: timedelta(days=1),
    Kind.RETURN: timedelta(days=1),
    Kind.EMPTY: timedelta(days=1),
    Kind.FEE: timedelta(days=5),
}
#: Who closes a break that a later line explains, and one that the bank's word explains.
BY_STATEMENT, BY_BANK = "statement", "bank"


@dataclass(frozen=True, slots=True)
class Found:
    """`number` is the line of the statement `file_id`, 0 when the line is what is missing.

    `ours` and `theirs` are signed.
    """

    kind: Kind
    file_id: str
    number: int = 0
    reference: str = ""
    subject: str = ""
    ours: int = 0
    theirs: int = 0

    @property
    def id(self) -> str:
        """`brk_…`: of a line for ever the same, of a missing one as long as it is missing."""
        about = f"{self.file_id}:{self.number}" if self.number else f"missing:{self.reference}"
        named = about if self.number or self.reference else f"{self.file_id}:empty"
        return f"brk_{uuid5(_BREAKS, named).hex}"


async def open_all(connection: AsyncConnection, found: Sequence[Found]) -> None:
    """Uncommitted. What is open or was closed already stays as it is."""
    if not found:
        return
    file = (
        await connection.execute(
            select(col(StatementFile.bank), col(StatementFile.currency)).where(
                col(StatementFile.id) == found[0].file_id
            )
        )
    ).one()
    new = insert(Break).on_conflict_do_nothing()
    now = (await connection.execute(select(func.now()))).scalar_one()
    rows = [
        {
            "id": one.id,
            "bank": file.bank,
            "currency": file.currency,
            "kind": one.kind,
            "file_id": one.file_id,
            "number": one.number,
            "reference": one.reference,
            "subject": one.subject,
            "ours": one.ours,
            "theirs": one.theirs,
            "due_at": now + DUE[one.kind],
        }
        for one in found
    ]
    await connection.execute(new, rows)


async def explained(connection: AsyncConnection, references: Collection[str]) -> None:
    """The lines that were missing have come. Uncommitted."""
    await _closed(connection, references, BY_STATEMENT, "the line has come")


async def taken_back(connection: AsyncConnection, references: Collection[str]) -> None:
    """The bank says by now that they did not happen: no line is missing. Uncommitted."""
    await _closed(connection, references, BY_BANK, "the bank says that it did not happen")


async def given_up(connection: AsyncConnection, references: Collection[str]) -> None:
    """The lines don't come any more. Uncommitted."""
    await connection.execute(
        update(Break)
        .where(
            col(Break.reference).in_(references),
            col(Break.kind).in_(PASSING),
            col(Break.closed_at).is_(None),
        )
        .values(kind=Kind.MISSING_THEIRS, due_at=func.now() + literal(DUE[Kind.MISSING_THEIRS]))
    )


async def take(connection: AsyncConnection, break_id: str, before: str, owner: str) -> bool:
    """Give an open one of `before` ("": nobody) to `owner`; False if it is not so. Uncommitted."""
    taken = (
        update(Break)
        .where(
            col(Break.id) == break_id,
            col(Break.owner) == before,
            col(Break.closed_at).is_(None),
        )
        .values(owner=owner)
        .returning(col(Break.id))
    )
    return await connection.scalar(taken) is not None


async def _closed(
    connection: AsyncConnection, references: Collection[str], by: str, note: str
) -> None:
    await connection.execute(
        update(Break)
        .where(
            col(Break.reference).in_(references),
            col(Break.number) == 0,
            col(Break.closed_at).is_(None),
        )
        .values(closed_at=func.now(), closed_by=by, note=note)
    )
