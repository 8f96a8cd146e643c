"""Which statements the merchant is shown, and when: in order and once, unless ordered otherwise."""

from datetime import timedelta
from typing import Any

from banks.sandbox import desk
from banks.sandbox.clock import now
from banks.sandbox.faults import Met
from banks.sandbox.magic import Kind
from banks.sandbox.statements import File, account_of

#: Whoever closes a day or shows a statement takes turns.
CALENDAR = "calendar"


class UnknownStatement(desk.Refused):
    status, code = 404, "unknown_statement"


async def deliver(connection: Any, statement: int, currency: str, met: Met) -> None:
    """Show a new statement as the faults will have it, in the caller's turn."""
    if not met.get(Kind.NEVER):
        due = now() + timedelta(seconds=met.seconds(Kind.LATE))
        waits = met.get(Kind.REORDERED)
        for _ in range(2 if met.get(Kind.TWICE) else 1):
            await connection.execute(
                "INSERT INTO delivery (statement, due_at) VALUES ($1, $2)",
                statement,
                None if waits else due,
            )
    await _number(connection)
    await connection.execute(
        "UPDATE delivery SET due_at = $3 FROM statement WHERE statement.id = delivery.statement"
        " AND due_at IS NULL AND currency = $2 AND statement.id <> $1",
        statement,
        currency,
        now(),
    )
    await _number(connection)


async def show_due(pool: Any) -> None:
    """Show what was held back until now."""
    if not await pool.fetchval(
        "SELECT true FROM delivery WHERE number IS NULL AND due_at <= $1 LIMIT 1", now()
    ):
        return
    async with pool.acquire() as connection, connection.transaction():
        await desk.take_turns(connection, CALENDAR)
        await _number(connection)


async def listed(pool: Any, after: int, limit: int) -> list[dict[str, Any]]:
    """What is shown past the number `after`, in order."""
    rows = await pool.fetch(
        "SELECT number, currency, sequence, day, array_agg(format ORDER BY format DESC) AS formats"
        " FROM delivery JOIN statement ON statement.id = delivery.statement"
        " JOIN statement_file file ON file.statement = statement.id"
        " WHERE number > $1 GROUP BY number, currency, sequence, day ORDER BY number LIMIT $2",
        after,
        limit,
    )
    return [
        {**row, "account": account_of(row["currency"]), "day": row["day"].isoformat()}
        for row in rows
    ]


async def file(pool: Any, number: int, form: str) -> File:
    """The same bytes whenever it is asked for. Raises UnknownStatement."""
    row = await pool.fetchrow(
        "SELECT format, name, media_type, data FROM delivery"
        " JOIN statement_file USING (statement) WHERE number = $1 AND format = $2",
        number,
        form,
    )
    if row is None:
        raise UnknownStatement(f"there is no statement {number} as {form}")
    return File(**row)


async def _number(connection: Any) -> None:
    await connection.execute(
        "UPDATE delivery SET number = due.next FROM ("
        "  SELECT id, row_number() OVER (ORDER BY due_at, id)"
        "    + (SELECT coalesce(max(number), 0) FROM delivery) AS next"
        "  FROM delivery WHERE number IS NULL AND due_at <= $1"
        ") due WHERE due.id = delivery.id",
        now(),
    )
