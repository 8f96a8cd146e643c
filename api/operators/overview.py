"""What operators look after: the figures at the top, and all that does not go on by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from banks.tables import BankOperation
from domain.states import Dispute
from ledger.tables import Escrow
from webhooks.tables import UnheardNotice

#: A bank that answers at all does so in seconds; what is younger is only under way.
UNKNOWN_AFTER = timedelta(minutes=1)
#: The sweeper starts what nobody started; what is older needs a person.
UNSTARTED_AFTER = timedelta(minutes=1)
SHOWN = 50

OPEN = col(BankOperation.state).in_(("sending", "pending"))
#: Nobody owes an answer while a buyer may still be at the bank's page.
AT_BANKS_PAGE = (
    (col(BankOperation.operation) == "payment")
    & (col(BankOperation.state) == "pending")
    & (
        select(col(Escrow.id))
        .where(
            col(Escrow.id) == col(BankOperation.escrow_id),
            col(Escrow.review) == "",
            col(Escrow.stage) == "paying",
            col(Escrow.deadline) > func.now(),
        )
        .exists()
    )
)
LONG_OPEN = (
    OPEN & (col(BankOperation.created_at) < func.now() - literal(UNKNOWN_AFTER)) & ~AT_BANKS_PAGE
)
UNSTARTED = col(Escrow.started_at).is_(None) & (
    col(Escrow.created_at) < func.now() - literal(UNSTARTED_AFTER)
)
PARKED = col(UnheardNotice.parked_at).is_not(None)
REVIEWED = col(Escrow.review) != ""


@dataclass(frozen=True, slots=True)
class Held:
    """Minor units of one currency that are with us: undisputed, and disputed."""

    currency: str
    held: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something a bank was told and has not answered definitively."""

    reference: str
    bank: str
    operation: str
    escrow_id: str
    amount: int
    currency: str
    state: str
    answer: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Parked:
    """A notice that is told again only when somebody asks for it."""

    escrow_id: str
    endpoint_id: str
    type: str
    tries: int
    reason: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A purchase without a workflow, or one that a person must look at (`review` says why)."""

    id: str
    order_id: str
    status: str
    review: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """Lists are cut at SHOWN; `counts` are whole."""

    held: list[Held]
    counts: dict[str, int]
    unknown: list[Unknown]
    parked: list[Parked]
    unstarted: list[Waiting]
    reviews: list[Waiting]

    @property
    def oldest_unknown(self) -> datetime | None:
        return self.unknown[0].created_at if self.unknown else None


async def overview(engine: AsyncEngine) -> Overview:
    async with engine.connect() as connection:
        return Overview(
            held=await _held(connection),
            counts={
                "open": await _count(connection, col(Escrow.dispute) == Dispute.OPEN),
                "arbitration": await _count(connection, col(Escrow.dispute) == Dispute.ARBITRATION),
                "unknown": await _count(connection, LONG_OPEN),
                "parked": await _count(connection, PARKED),
                "unstarted": await _count(connection, UNSTARTED),
                "reviews": await _count(connection, REVIEWED),
            },
            unknown=await _rows(connection, Unknown, BankOperation, LONG_OPEN, "created_at"),
            parked=await _rows(connection, Parked, UnheardNotice, PARKED, "parked_at"),
            unstarted=await _rows(connection, Waiting, Escrow, UNSTARTED, "created_at"),
            reviews=await _rows(connection, Waiting, Escrow, REVIEWED, "id"),
        )


async def bank_operations(engine: AsyncEngine, escrow_id: str) -> list[Unknown]:
    """Everything that banks were told about a purchase, answered or not, oldest first."""
    this = col(BankOperation.escrow_id) == escrow_id
    async with engine.connect() as connection:
        return await _rows(connection, Unknown, BankOperation, this, "created_at")


async def _held(connection: AsyncConnection) -> list[Held]:
    held, disputed = func.sum(col(Escrow.held)), func.sum(col(Escrow.disputed))
    currency = col(Escrow.currency)
    query = (
        select(currency, held.label("held"), disputed.label("disputed"))
        .where(col(Escrow.held) + col(Escrow.disputed) > 0)
        .group_by(currency)
        .order_by(currency)
    )
    rows = await connection.execute(query)
    return [Held(row.currency, int(row.held), int(row.disputed)) for row in rows]


async def _count(connection: AsyncConnection, what: Any) -> int:
    return int(await connection.scalar(select(func.count()).where(what)) or 0)


async def _rows(
    connection: AsyncConnection, kind: Any, table: Any, what: Any, by: str
) -> list[Any]:
    columns: list[Any] = [
        col(getattr(table, name)).label(name) for name in kind.__dataclass_fields__
    ]
    query = select(*columns).where(what).order_by(col(getattr(table, by))).limit(SHOWN)
    return [kind(**row._mapping) for row in await connection.execute(query)]
