"""A statement's lines are judged in their order, page by page: one transaction a page."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from domain.reconciliation import (
    PASSING,
    Heard,
    Kind,
    Line,
    Rule,
    Verdict,
    Way,
    judge,
    overdue,
)
from ledger.book import post_series
from ledger.port import Posting
from reconciliation import breaks, operations
from reconciliation.breaks import Found
from reconciliation.operations import Contradicted, Operation
from reconciliation.port import Matched, Tell
from reconciliation.tables import (
    Break,
    StatementFile,
    StatementLine,
    StatementMatch,
    StatementNotice,
)

#: What the ledger calls a line's journal.
POSTED = "statement_line"


@dataclass(slots=True)
class Page:
    """What a page of lines came to, before it is written."""

    file: Any
    known: dict[str, Operation]
    seen: dict[str, set[Way]]
    matches: list[dict[str, Any]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    tells: dict[Tell, None] = field(default_factory=dict)

    def judge(self, row: Any) -> None:
        way = Way.IN if row.amount > 0 else Way.OUT
        line = Line(way, abs(row.amount), row.charges, row.reference)
        mine = self.known.get(row.reference)
        ways = self.seen.get(row.reference, set())
        verdict = judge(self.file.bank, line, mine.ours if mine else None, ways)
        self._post(row, verdict)
        if verdict.rule is not None:
            ways.add(way)
            self._match(row, line, verdict)
        if verdict.kind is not None:
            self._break(row, verdict.kind, mine)
        if mine and verdict.tells:
            self.tells[mine.tell] = None

    def _post(self, row: Any, verdict: Verdict) -> None:
        file = self.file
        legs = verdict.legs
        self.postings.append(
            Posting(file.id, row.number, POSTED, file.made_at, file.currency, legs)
        )

    def _match(self, row: Any, line: Line, verdict: Verdict) -> None:
        purpose = self.known[row.reference].ours.purpose
        stood = purpose.stands_in(self.file.bank)
        cleared = sum(leg.amount for leg in verdict.legs if stood in (leg.debit, leg.credit))
        self.matches.append(
            {
                "reference": row.reference,
                "way": line.way,
                "file_id": self.file.id,
                "number": row.number,
                "rule": verdict.rule,
                "amount": cleared,
                "stood_in": stood.code.value,
            }
        )

    def _break(self, row: Any, kind: Kind, mine: Operation | None) -> None:
        self.found.append(
            Found(
                kind,
                self.file.id,
                row.number,
                row.reference,
                mine.subject if mine else "",
                mine.signed if mine else 0,
                row.amount,
            )
        )


async def match(connection: AsyncConnection, file_id: str, most: int) -> Matched:
    """Judge the next lines, uncommitted. Lines that were judged are not looked at again."""
    file = await locked(connection, file_id)
    lines = (
        await connection.execute(
            select(StatementLine)
            .where(
                col(StatementLine.file_id) == file_id,
                col(StatementLine.number) > file.matched_upto,
            )
            .order_by(col(StatementLine.number))
            .limit(most)
        )
    ).all()
    if not lines:
        return Matched()
    references = {row.reference for row in lines if row.reference}
    page = Page(
        file,
        await operations.these(connection, file, references),
        await operations.matched(connection, references),
    )
    for row in lines:
        page.judge(row)
    await _write(connection, page, lines[-1].number)
    return Matched(lines[-1].number, len(page.matches), len(page.found), tuple(page.tells))


async def find_missing(connection: AsyncConnection, file_id: str) -> Matched:
    """What should be in the statement and is not; uncommitted."""
    file = await locked(connection, file_id)
    found = [
        Found(kind, file_id, 0, one.ours.reference, one.subject, one.signed)
        for one in await operations.unseen(connection, file)
        if (kind := overdue(one.happened_at, file.made_at, 1))
    ]
    against = await operations.contradicted(connection, file)
    found += [_contradiction(one) for one in against]
    await breaks.open_all(connection, found)
    lost = await _lost(connection, file)
    await breaks.given_up(connection, [tell.reference for tell in lost])
    tells = dict.fromkeys([*lost, *(one.operation.tell for one in against)])
    return Matched(breaks=len(found) + len(lost), tells=tuple(tells))


async def locked(connection: AsyncConnection, file_id: str) -> Any:
    query = select(StatementFile).where(col(StatementFile.id) == file_id).with_for_update()
    return (await connection.execute(query)).one()


async def _write(connection: AsyncConnection, page: Page, upto: int) -> None:
    await post_series(connection, page.postings)
    if page.matches:
        await connection.execute(insert(StatementMatch), page.matches)
        # That money came back does not show that it went out.
        shown = [one["reference"] for one in page.matches if one["rule"] is not Rule.RETURN]
        await breaks.explained(connection, shown)
    await breaks.open_all(connection, page.found)
    await connection.execute(
        update(StatementFile).where(col(StatementFile.id) == page.file.id).values(matched_upto=upto)
    )


def _contradiction(one: Contradicted) -> Found:
    mine = one.operation
    kind = Kind.MISSING_OURS if mine.ours.heard is Heard.NO else Kind.AMOUNT
    return Found(
        kind, one.file_id, one.number, mine.ours.reference, mine.subject, mine.signed, one.theirs
    )


async def _lost(connection: AsyncConnection, file: Any) -> list[Tell]:
    """What was waited for in so many statements that it will not come.

    What the bank has taken back meanwhile is not waited for any more.
    """
    await breaks.taken_back(connection, await operations.denied(connection, file))
    first = select(col(StatementFile.sequence)).where(col(StatementFile.id) == col(Break.file_id))
    waiting = select(col(Break.reference), first.scalar_subquery().label("since")).where(
        col(Break.bank) == file.bank,
        col(Break.currency) == file.currency,
        col(Break.kind).in_(PASSING),
        col(Break.closed_at).is_(None),
    )
    lost = [
        row.reference
        for row in await connection.execute(waiting)
        if overdue(file.made_at, file.made_at, file.sequence - row.since + 1) is Kind.MISSING_THEIRS
    ]
    return [one.tell for one in (await operations.these(connection, file, lost)).values()]


async def finish(connection: AsyncConnection, file_id: str) -> None:
    """Uncommitted; the first time stays. However often it was announced, it is read."""
    this = (col(StatementFile.id) == file_id, col(StatementFile.finished_at).is_(None))
    await connection.execute(update(StatementFile).where(*this).values(finished_at=func.now()))
    file = await locked(connection, file_id)
    row = StatementNotice
    announced = (
        col(row.bank) == file.bank,
        col(row.currency) == file.currency,
        col(row.sequence) == file.sequence,
        col(row.read_at).is_(None),
    )
    await connection.execute(update(row).where(*announced).values(read_at=func.now()))
