"""The port's `Clearing` on PostgreSQL: a clearing day, page by page."""

from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from clearing import moves
from clearing.batches import batches
from clearing.contracts import calendar
from clearing.opening import NoBankAccount, open_payout
from clearing.port import Cleared, Moved, Page, Payout, PayoutBatch, PayoutState, Run
from clearing.tables import ClearingRun

log = structlog.get_logger()

# Merchants with an account that something may come out of. Hashed into shards, so that a
# million of them are many small workflows.
_MERCHANTS = text("""
    SELECT DISTINCT owner FROM account
    WHERE code IN (2200, 2210) AND currency = :in_ AND owner > :after
      AND (hashtext(owner) & 2147483647) % :shards = :shard
    ORDER BY owner LIMIT :most
""")

_HOW_MANY = text("SELECT count(*) FROM account WHERE code = 2200 AND currency = :in_")

# The database's clock, as it is the one of what is due.
_NOW = text("SELECT now()")
_CURRENCIES = text("SELECT DISTINCT currency FROM account WHERE code = 2200 ORDER BY currency")


class Runs:
    """`banks` are those that pay merchants out of our custody accounts there, `by_file` those of
    them that take many orders in one file.
    """

    def __init__(
        self, engine: AsyncEngine, banks: Collection[str], by_file: Collection[str] = ()
    ) -> None:
        self._engine = engine
        self._banks = banks
        self._by_file = by_file

    async def due(self) -> list[Run]:
        """As the port says."""
        async with self._engine.connect() as connection:
            newest = [
                await newest_day(connection, bank, currency)
                for bank in self._banks
                for currency in await currencies(connection)
            ]
            return [run for run in newest if not await finished(connection, run)]

    async def begin(self, run: Run) -> int:
        """As the port says."""
        async with self._engine.begin() as connection:
            await _begun(connection, run)
            return int(await connection.scalar(_HOW_MANY, {"in_": run.currency}) or 0)

    async def clear(self, page: Page) -> Cleared:
        """As the port says. A merchant is a transaction of its own: none waits for another."""
        async with self._engine.begin() as connection:
            at = await _begun(connection, page.run)
        merchants = await self._merchants(page)
        payouts: list[Payout] = []
        held_back = 0
        for merchant in merchants:
            try:
                async with self._engine.begin() as connection:
                    opened = await open_payout(connection, page.run, merchant, at)
            except NoBankAccount:
                held_back += 1
                log.warning("nowhere to pay to", merchant_id=merchant, day=str(page.run.day))
            else:
                payouts += [opened] if opened else []
        after = merchants[-1] if len(merchants) == page.most else ""
        together = await self._together(page, payouts)
        return Cleared(len(merchants), tuple(payouts), held_back, after, together)

    async def move(self, payout_id: str, to: PayoutState, reason: str = "") -> Moved:
        """As the port says."""
        async with self._engine.begin() as connection:
            return await moves.move(connection, payout_id, to, reason)

    async def finish(self, run: Run) -> None:
        """As the port says."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(ClearingRun)
                .where(*_this(run), col(ClearingRun.finished_at).is_(None))
                .values(finished_at=func.now())
            )

    async def _together(self, page: Page, payouts: list[Payout]) -> tuple[PayoutBatch, ...]:
        if page.run.bank not in self._by_file:
            return ()
        async with self._engine.begin() as connection:
            return await batches(connection, page, payouts)

    async def _merchants(self, page: Page) -> list[str]:
        said = {
            "in_": page.run.currency,
            "after": page.after,
            "shards": page.shards,
            "shard": page.shard,
            "most": page.most,
        }
        async with self._engine.connect() as connection:
            return list((await connection.scalars(_MERCHANTS, said)).all())


async def currencies(connection: AsyncConnection) -> list[str]:
    """In which merchants ever had anything."""
    return list((await connection.scalars(_CURRENCIES)).all())


async def newest_day(connection: AsyncConnection, bank: str, currency: str) -> Run:
    """The newest clearing day that is over."""
    now = (await connection.execute(_NOW)).scalar_one()
    return Run(bank, currency, (await calendar(connection, bank, currency)).ended_by(now))


async def day_ahead(connection: AsyncConnection, bank: str, currency: str) -> Run:
    """The first clearing day, from the one under way on, that nobody has cleared."""
    now = (await connection.execute(_NOW)).scalar_one()
    days = await calendar(connection, bank, currency)
    run = Run(bank, currency, days.day_of(now))
    while await finished(connection, run):
        run = Run(bank, currency, days.later(run.day, 1))
    return run


async def finished(connection: AsyncConnection, run: Run) -> bool:
    done = select(col(ClearingRun.finished_at)).where(*_this(run))
    return await connection.scalar(done) is not None


async def _begun(connection: AsyncConnection, run: Run) -> datetime:
    """When the run began first: what it posts says that moment, however often it is tried."""
    new = insert(ClearingRun).values(bank=run.bank, currency=run.currency, day=run.day)
    await connection.execute(new.on_conflict_do_nothing())
    started = select(col(ClearingRun.started_at)).where(*_this(run))
    return (await connection.execute(started)).scalar_one()


def _this(run: Run) -> tuple[ColumnElement[bool], ...]:
    row = ClearingRun
    return (col(row.bank) == run.bank, col(row.currency) == run.currency, col(row.day) == run.day)
