"""What operators read about banks' statements: days, and what is not explained."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class DaySeen:
    """A statement as operators see it. Amounts are minor units.

    `open` counts the breaks that it showed and that nobody has explained; `reconciled` when it was
    read to its end and none is left.
    """

    id: str
    bank: str
    currency: str
    sequence: int
    day: date
    opening: int
    closing: int
    lines: int
    judged: int
    matched: int
    open: int
    finished_at: datetime | None

    @property
    def reconciled(self) -> bool:
        return self.finished_at is not None and not self.open


@dataclass(frozen=True, slots=True)
class BreakSeen:
    """An open break. `ours` and `theirs` are signed: above 0 came in."""

    id: str
    bank: str
    currency: str
    kind: str
    day: date
    number: int
    reference: str
    subject: str
    ours: int
    theirs: int
    text: str
    owner: str
    opened_at: datetime
    due_at: datetime
    overdue: bool


_DAYS = text("""
    SELECT file.id, file.bank, file.currency, file.sequence, file.day, file.opening, file.closing,
           file.lines, file.matched_upto,
           (SELECT count(*) FROM statement_match AS found WHERE found.file_id = file.id),
           (SELECT count(*) FROM reconciliation_break AS found
            WHERE found.file_id = file.id AND found.closed_at IS NULL),
           file.finished_at
    FROM statement_file AS file
    ORDER BY file.day DESC, file.bank, file.currency LIMIT :most
""")
_QUEUE = text("""
    SELECT gap.id, gap.bank, gap.currency, gap.kind, file.day, gap.number, gap.reference,
           gap.subject, gap.ours, gap.theirs, coalesce(line.text, ''), gap.owner, gap.opened_at,
           gap.due_at, gap.due_at < now()
    FROM reconciliation_break AS gap
    JOIN statement_file AS file ON file.id = gap.file_id
    LEFT JOIN statement_line AS line ON line.file_id = gap.file_id AND line.number = gap.number
    WHERE gap.closed_at IS NULL AND (:kind = '' OR gap.kind = :kind)
    ORDER BY gap.due_at, gap.id LIMIT :most
""")


async def days(connection: AsyncConnection, most: int) -> list[DaySeen]:
    """The newest statements."""
    return [DaySeen(*row) for row in await connection.execute(_DAYS, {"most": most})]


async def queue(connection: AsyncConnection, most: int, kind: str = "") -> list[BreakSeen]:
    """What is not explained, the nearest deadline first."""
    rows = await connection.execute(_QUEUE, {"most": most, "kind": kind})
    return [BreakSeen(*row) for row in rows]
