"""What we told banks, as a statement's lines are held against it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reconciliation import Heard, Ours, Purpose, Way
from reconciliation.port import Tell
from reconciliation.tables import StatementFile

PURPOSES = {
    "payment": Purpose.CHARGE,
    "deduct": Purpose.CHARGE,
    "refund": Purpose.REFUND,
    "remit": Purpose.PAYOUT,
}

# What was frozen and is not deducted moves nothing. A payout's own state is newer than the answer
# to the call that sent it.
_KNOWN = """
    SELECT operation.reference, operation.operation, operation.escrow_id AS subject,
           CASE WHEN operation.answer ->> 'kind' = 'frozen' THEN 0
                WHEN operation.operation <> 'remit'
                THEN coalesce((operation.answer ->> 'amount')::bigint, operation.amount)
                ELSE operation.amount END AS amount,
           CASE WHEN payout.state = 'failed' THEN 'no'
                WHEN operation.state IN ('yes', 'no') THEN operation.state
                ELSE 'open' END AS heard,
           coalesce(payout.state = 'returned', false) AS came_back,
           EXISTS (SELECT 1 FROM reconciliation_break AS gap
                   WHERE gap.reference = operation.reference AND gap.number = 0
                     AND gap.closed_at IS NULL) AS awaited,
           operation.updated_at AS happened_at
    FROM bank_operation AS operation
    LEFT JOIN payout ON payout.reference = operation.reference
    WHERE operation.bank = :bank AND operation.currency = :currency
      AND operation.operation <> 'unfreeze'
"""
_THESE = text(f"{_KNOWN} AND operation.reference = ANY(:references)").bindparams(
    bindparam("references", type_=ARRAY(Text))
)
# Whoever answered an hour before may have committed after the last look.
_UNSEEN = text(
    f"SELECT * FROM ({_KNOWN} AND operation.state = 'yes'"  # noqa: S608
    " AND operation.updated_at <= :made_at"
    " AND operation.updated_at > coalesce("
    "   (SELECT made_at FROM statement_file WHERE bank = :bank AND currency = :currency"
    "     AND sequence = :sequence - 1), '-infinity') - interval '1 hour'"
    " AND NOT EXISTS (SELECT 1 FROM statement_match AS seen"
    "   WHERE seen.reference = operation.reference AND seen.way ="
    "     CASE WHEN operation.operation IN ('payment', 'deduct') THEN 'in' ELSE 'out' END)"
    ") AS unseen WHERE amount > 0 AND heard = 'yes'"
)
# A line decided what nobody knew, or showed a payout; afterwards the bank said something else. A
# line that has a break is looked at already, and what came back was told by its own line.
_CONTRADICTED = text(
    "SELECT known.*, line.file_id, line.number, line.amount AS theirs"  # noqa: S608
    f" FROM ({_KNOWN} AND operation.reference IN ("
    "   SELECT reference FROM statement_match WHERE rule = 'decided'"
    "   UNION ALL SELECT reference FROM payout WHERE state = 'failed')) AS known"
    " JOIN statement_match AS seen ON seen.reference = known.reference AND seen.way ="
    "   CASE WHEN known.operation IN ('payment', 'deduct') THEN 'in' ELSE 'out' END"
    " JOIN statement_line AS line ON (line.file_id, line.number) = (seen.file_id, seen.number)"
    " WHERE (known.heard = 'no' OR known.heard = 'yes' AND seen.amount <> known.amount)"
    " AND NOT EXISTS (SELECT 1 FROM statement_match AS back"
    "   WHERE back.reference = known.reference AND back.way <> seen.way)"
    " AND NOT EXISTS (SELECT 1 FROM reconciliation_break AS looked_at"
    "   WHERE (looked_at.file_id, looked_at.number) = (line.file_id, line.number))"
)
_DENIED = text(
    f"SELECT reference FROM ({_KNOWN} AND operation.reference IN ("  # noqa: S608
    "   SELECT reference FROM reconciliation_break WHERE bank = :bank AND currency = :currency"
    "   AND number = 0 AND closed_at IS NULL)) AS known WHERE heard = 'no'"
)
_MATCHED = text(
    "SELECT reference, way FROM statement_match WHERE reference = ANY(:references)"
).bindparams(bindparam("references", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Operation:
    """One of ours, and the purchase or payout that it belongs to."""

    ours: Ours
    subject: str
    happened_at: datetime

    @property
    def tell(self) -> Tell:
        payout = self.ours.purpose is Purpose.PAYOUT
        return Tell(self.subject, self.ours.reference, is_payout=payout)

    @property
    def signed(self) -> int:
        return self.ours.amount if self.ours.purpose.way is Way.IN else -self.ours.amount


@dataclass(frozen=True, slots=True)
class Contradicted:
    """A line that was matched, and of which the bank said something else afterwards.

    `theirs` is signed.
    """

    operation: Operation
    file_id: str
    number: int
    theirs: int


async def these(
    connection: AsyncConnection, file: StatementFile, references: Collection[str]
) -> dict[str, Operation]:
    """Those that we know, by reference."""
    said = {"bank": file.bank, "currency": file.currency, "references": list(references)}
    return {row.reference: _operation(row) for row in await connection.execute(_THESE, said)}


async def unseen(connection: AsyncConnection, file: StatementFile) -> list[Operation]:
    """Those that happened since the statement before, and that none has shown."""
    said = {
        "bank": file.bank,
        "currency": file.currency,
        "sequence": file.sequence,
        "made_at": file.made_at,
    }
    return [_operation(row) for row in await connection.execute(_UNSEEN, said)]


async def contradicted(connection: AsyncConnection, file: StatementFile) -> list[Contradicted]:
    """Those that nobody looks at yet."""
    rows = await connection.execute(_CONTRADICTED, {"bank": file.bank, "currency": file.currency})
    return [Contradicted(_operation(row), row.file_id, row.number, row.theirs) for row in rows]


async def denied(connection: AsyncConnection, file: StatementFile) -> list[str]:
    """References that are waited for and, as the bank says by now, never will be shown."""
    said = {"bank": file.bank, "currency": file.currency}
    return list((await connection.execute(_DENIED, said)).scalars())


async def matched(connection: AsyncConnection, references: Collection[str]) -> dict[str, set[Way]]:
    """The ways in which each of them was shown."""
    ways: dict[str, set[Way]] = {reference: set() for reference in references}
    for row in await connection.execute(_MATCHED, {"references": list(references)}):
        ways[row.reference].add(Way(row.way))
    return ways


def _operation(row: Row[Any]) -> Operation:
    ours = Ours(
        row.reference,
        PURPOSES[row.operation],
        row.amount,
        Heard(row.heard),
        came_back=row.came_back,
        awaited=row.awaited,
    )
    return Operation(ours, row.subject, row.happened_at)
