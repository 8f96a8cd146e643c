"""A purchase as the doors read it: the ledger's row, what its cashier shows, the shop's name.

Reads never touch Temporal. The row is as old as the last commit, so what it allows is a first
look; the workflow decides.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, any_, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.selectable import LateralFromClause
from sqlmodel import SQLModel, col

from api.tables import Checkout, Merchant
from domain.escrow import Escrow
from domain.events import DisputeOpened, PaymentMismatched, PaymentSucceeded
from domain.states import Dispute, Reason
from ledger.port import Stored
from ledger.reading import Reading, projected
from ledger.tables import Escrow as EscrowRow
from ledger.tables import Transition

_ID = re.compile(r"esc_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Goods:
    """What the buyer sees of the order. `items`: [{"name", "quantity", "amount"}]."""

    description: str
    items: list[dict[str, Any]]
    #: None once it was erased.
    buyer_email: str | None
    return_url: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """The dispute that is under way: the `number`-th of its purchase, over `amount`."""

    number: int
    amount: int
    reason: Reason
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """`escrow` is rebuilt from the row.

    What the row does not hold (how often and by whom it was extended, disputed, captured) stands
    at its most permissive there.
    """

    escrow: Escrow
    checkout: Goods
    shop: str
    #: Minor units on their way back to the buyer that no bank has confirmed yet.
    returning: int
    #: None while nothing is disputed.
    complaint: Complaint | None
    started: bool
    created_at: datetime
    updated_at: datetime

    @property
    def id(self) -> str:
        return self.escrow.terms.escrow_id

    @property
    def merchant_id(self) -> str:
        return self.escrow.terms.merchant_id

    @property
    def version(self) -> int:
        return self.escrow.sequence

    @property
    def settled(self) -> bool:
        """Ended, and every way out has its definitive answer from the bank."""
        return self.escrow.ended and not self.returning


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


async def find(engine: AsyncEngine, escrow_id: str) -> Purchase | None:
    if not is_id(escrow_id):
        return None
    async with engine.connect() as connection:
        row = (await connection.execute(_one(escrow_id))).one_or_none()
    return _purchase(row) if row else None


async def get(engine: AsyncEngine, escrow_id: str) -> Purchase:
    """One that exists."""
    async with engine.connect() as connection:
        return await read(connection, escrow_id)


async def read(connection: AsyncConnection, escrow_id: str) -> Purchase:
    """One that exists, as the connection's transaction sees it."""
    return _purchase((await connection.execute(_one(escrow_id))).one())


async def page(
    engine: AsyncEngine,
    merchant_id: str,
    *,
    status: str | None,
    order_id: str | None,
    before: str | None,
    limit: int,
) -> list[Purchase]:
    """Newest first: ids are time-ordered, so they are the cursor too."""
    query = _everything().where(col(EscrowRow.merchant_id) == merchant_id)
    if status is not None:
        query = query.where(col(EscrowRow.status) == status)
    if order_id is not None:
        query = query.where(col(EscrowRow.order_id) == order_id)
    if before is not None:
        query = query.where(col(EscrowRow.id) < before)
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(col(EscrowRow.id).desc()).limit(limit))
        return [_purchase(row) for row in rows]


async def these(engine: AsyncEngine, escrow_ids: Collection[str]) -> dict[str, Purchase]:
    """Those of them that exist, by id."""
    query = _everything().where(col(EscrowRow.id).in_(escrow_ids))
    async with engine.connect() as connection:
        return {row.id: _purchase(row) for row in await connection.execute(query)}


async def versions(engine: AsyncEngine, escrow_ids: Collection[str]) -> dict[str, int]:
    # One array, so that the statement is the same however many they are.
    these = col(EscrowRow.id) == any_(literal(list(escrow_ids), ARRAY(Text)))
    query = select(col(EscrowRow.id), col(EscrowRow.version)).where(these)
    async with engine.connect() as connection:
        found = await connection.execute(query)
        return {row.id: row.version for row in found}


async def steps(engine: AsyncEngine, escrow_id: str) -> list[Stored]:
    """Everything that happened, oldest first."""
    return [step.happened for step in await Reading(engine).timeline(escrow_id)]


async def booked(engine: AsyncEngine, escrow_id: str, attempt: str) -> bool:
    """Whether the money of this payment attempt is in our books already."""
    money = (PaymentSucceeded.name, PaymentMismatched.name)
    return any(
        step.name in money and str(step.detail.get("attempt")) == attempt
        for step in await steps(engine, escrow_id)
    )


def _complained() -> LateralFromClause:
    """The last complaint, its number and when, of a purchase that is disputed now."""
    return (
        select(
            func.count().over().label("disputes"),
            col(Transition.detail).label("complaint"),
            col(Transition.at).label("disputed_at"),
        )
        .where(
            col(EscrowRow.dispute) != Dispute.NONE,
            col(Transition.escrow_id) == col(EscrowRow.id),
            col(Transition.name) == DisputeOpened.name,
        )
        .order_by(col(Transition.sequence).desc())
        .limit(1)
        .lateral("complained")
    )


def _everything() -> Select[*tuple[Any, ...]]:
    complained = _complained()
    return (
        select(
            SQLModel.metadata.tables["escrow"],
            *complained.c,
            col(Checkout.description),
            col(Checkout.items).label("order_items"),
            col(Checkout.buyer_email),
            col(Checkout.return_url),
            col(Merchant.name).label("shop"),
        )
        .join(Checkout, col(Checkout.escrow_id) == col(EscrowRow.id))
        .join(Merchant, col(Merchant.id) == col(EscrowRow.merchant_id))
        .outerjoin(complained, true())
    )


def _one(escrow_id: str) -> Select[*tuple[Any, ...]]:
    return _everything().where(col(EscrowRow.id) == escrow_id)


def _purchase(row: Row[Any]) -> Purchase:
    return Purchase(
        escrow=projected(row, row.disputes or 0),
        checkout=Goods(row.description, row.order_items, row.buyer_email, row.return_url),
        shop=row.shop,
        returning=row.returning,
        complaint=_complaint(row),
        started=row.started_at is not None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _complaint(row: Row[Any]) -> Complaint | None:
    if row.complaint is None:
        return None
    reason = Reason(row.complaint["reason"])
    return Complaint(row.disputes, row.disputed, reason, row.disputed_at)
