"""Callbacks that were verified, each kept once (`bank_event`)."""

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from banks.callbacks import Report
from banks.tables import BankEvent


class Inbox:
    """Receive, act, then `handled`: a crash in between makes the bank's repeat count."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def receive(self, provider: str, report: Report, body: bytes) -> bool:
        """Keep a report; whether somebody still has to act on it."""
        async with self._engine.begin() as connection:
            kept = await connection.execute(
                insert(BankEvent)
                .values(
                    provider=provider,
                    event_id=report.event_id,
                    reference=report.reference,
                    body=body,
                )
                .on_conflict_do_nothing()
                .returning(col(BankEvent.event_id))
            )
            if kept.first():
                return True
            open_still = await connection.execute(
                select(col(BankEvent.handled_at).is_(None)).where(_is(provider, report))
            )
            return bool(open_still.scalar_one())

    async def handled(self, provider: str, report: Report) -> None:
        """The purchase was told: repeats of this report are no news."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(BankEvent)
                .where(_is(provider, report), col(BankEvent.handled_at).is_(None))
                .values(handled_at=func.now())
            )


def _is(provider: str, report: Report) -> ColumnElement[bool]:
    return and_(col(BankEvent.provider) == provider, col(BankEvent.event_id) == report.event_id)
