"""What a bank's statement has shown of an operation: decides what the bank did not tell."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from banks.port import Deducted, Operation, Order, Refunded, Returned, Settled, Truth
from domain.reconciliation import Line, Way
from reconciliation.tables import StatementLine, StatementMatch


class Shown:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__(self, order: Order) -> Truth | None:
        """None while no statement has a line of its reference, or has one that is in question."""
        query = (
            select(
                col(StatementMatch.way),
                col(StatementLine.amount),
                col(StatementLine.charges),
                col(StatementLine.returned),
            )
            .join(
                StatementLine,
                (col(StatementLine.file_id) == col(StatementMatch.file_id))
                & (col(StatementLine.number) == col(StatementMatch.number)),
            )
            .where(col(StatementMatch.reference) == order.reference)
        )
        async with self._engine.connect() as connection:
            rows = {Way(row.way): row for row in await connection.execute(query)}
        gross = {way: Line(way, abs(row.amount), row.charges).gross for way, row in rows.items()}
        match order.operation:
            case Operation.PAYMENT | Operation.DEDUCT if Way.IN in rows:
                return Deducted(gross[Way.IN])
            case Operation.REFUND if Way.OUT in rows:
                return Refunded(gross[Way.OUT])
            case Operation.REMIT if Way.IN in rows:
                return Returned(gross[Way.IN], rows[Way.IN].returned)
            case Operation.REMIT if Way.OUT in rows:
                return Settled(gross[Way.OUT])
            case _:
                return None
