"""The bank's days: each is closed once, and its statements never change afterwards."""

import asyncio
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from banks.files.bill_cells import CURRENCY as YUAN
from banks.files.statements import Entry, Statement
from banks.sandbox import desk, mail
from banks.sandbox.clock import now
from banks.sandbox.faults import Faults
from banks.sandbox.journal import CUSTODY, VAULT, Transfer, book, standing
from banks.sandbox.magic import FEE, Call, Kind
from banks.sandbox.statements import (
    Line,
    account_of,
    entries_of,
    files_of,
    statement_of,
)

_STATE = """
    WITH booked AS (
        UPDATE transfer SET day = $1
        WHERE day IS NULL AND (debit = 'custody' OR credit = 'custody')
        RETURNING id, kind, reference, credit = 'custody' AS into, amount, currency, postponed
    )
    SELECT booked.*, coalesce(paid.holder, '') AS holder, coalesce(paid.account, '') AS account,
           coalesce(paid.code, '') AS code
    FROM booked LEFT JOIN LATERAL (
        SELECT holder, account, code FROM remittance WHERE reference = booked.reference
        ORDER BY remittance.id DESC LIMIT 1
    ) paid ON booked.kind IN ('remit', 'reject', 'return')
    ORDER BY booked.id
"""


class DayNotOpen(desk.Refused):
    status, code = 409, "day_not_open"


@dataclass(frozen=True, slots=True)
class Closing:
    """How a custody account ended a day. Balances are what the bank owes, in minor units."""

    account: str
    currency: str
    sequence: int
    day: date
    opening: int
    closing: int
    entries: int


class Days:
    """`pool` is asyncpg's."""

    def __init__(self, pool: Any, faults: Faults) -> None:
        self._pool = pool
        self._faults = faults

    async def today(self) -> date:
        found: date = await self._pool.fetchval("SELECT today FROM business_day")
        return found

    async def close(self, day: date | None = None, following: date | None = None) -> list[Closing]:
        """End the day that is open, and open the `following` one (else the next).

        A day that was closed before gives what it was closed with. Raises DayNotOpen.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await desk.take_turns(connection, mail.CALENDAR)
            today: date = await connection.fetchval("SELECT today FROM business_day")
            if day is not None and day < today:
                return await _closings(connection, day)
            following = following or today + timedelta(days=1)
            if (day or today) > today or following <= today:
                raise DayNotOpen(f"{today} is open")
            await self._state(connection, today)
            await connection.execute("UPDATE business_day SET today = $1", following)
            return await _closings(connection, today)

    async def _state(self, connection: Any, day: date) -> None:
        """A statement for each account, also for one on which nothing happened."""
        entries: dict[str, list[Entry]] = defaultdict(list)
        for row in await connection.fetch(_STATE, day):
            line = Line(**row)
            entries[line.currency] += await self._shown(connection, line, day)
        before = await connection.fetch(
            "SELECT DISTINCT ON (currency) currency, sequence, closing FROM statement"
            " ORDER BY currency, sequence DESC"
        )
        last = {row["currency"]: row for row in before}
        for currency in sorted({YUAN} | last.keys() | entries.keys()):
            sequence, opening = 1, 0
            if row := last.get(currency):
                sequence, opening = row["sequence"] + 1, row["closing"]
            made = statement_of(currency, sequence, day, opening, entries[currency], now())
            number = await _keep(connection, made)
            account = account_of(currency)
            met = await self._faults.met(Call.STATEMENT, f"{account}:{sequence}")
            await mail.deliver(connection, number, currency, met)

    async def _shown(self, connection: Any, line: Line, day: date) -> list[Entry]:
        met = await self._faults.met(Call.LINE, line.reference, line.amount)
        kinds = {fault.kind for fault in met.faults}
        if Kind.LATE in kinds and not line.postponed:
            await connection.execute(
                "UPDATE transfer SET day = NULL, postponed = true WHERE id = $1", line.id
            )
            return []
        shown = list(entries_of(line, day, kinds))
        if Kind.FEE in kinds and (fee := await _take_fee(connection, line, day)):
            shown += entries_of(fee, day, ())
        return shown


async def _take_fee(connection: Any, line: Line, day: date) -> Line | None:
    """The bank helps itself; None when there is not as much."""
    await desk.take_turns(connection, f"{CUSTODY}:{line.currency}")
    if await standing(connection, CUSTODY, line.currency) < FEE:
        return None
    await book(connection, Transfer("fee", line.reference, CUSTODY, VAULT, FEE, line.currency))
    number = await connection.fetchval(
        "UPDATE transfer SET day = $2 WHERE id = (SELECT max(id) FROM transfer"
        " WHERE kind = 'fee' AND reference = $1) RETURNING id",
        line.reference,
        day,
    )
    return Line(number, "fee", line.reference, False, FEE, line.currency)


async def _keep(connection: Any, statement: Statement) -> int:
    # A long statement takes a second to be written, in which the bank answers others.
    files = await asyncio.to_thread(files_of, statement)
    number: int = await connection.fetchval(
        "INSERT INTO statement (currency, sequence, day, opening, closing, entries, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        statement.currency,
        statement.sequence,
        statement.closing.on,
        statement.opening.amount,
        statement.closing.amount,
        len(statement.entries),
        statement.created_at,
    )
    for file in files:
        await connection.execute(
            "INSERT INTO statement_file (statement, format, name, media_type, data)"
            " VALUES ($1, $2, $3, $4, $5)",
            number,
            file.format,
            file.name,
            file.media_type,
            file.data,
        )
    return number


async def _closings(connection: Any, day: date) -> list[Closing]:
    rows = await connection.fetch(
        "SELECT currency, sequence, day, opening, closing, entries FROM statement"
        " WHERE day = $1 ORDER BY currency",
        day,
    )
    return [Closing(account_of(row["currency"]), **row) for row in rows]


def shown(closing: Closing) -> dict[str, Any]:
    return {**asdict(closing), "day": closing.day.isoformat()}
