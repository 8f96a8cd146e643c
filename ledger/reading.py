"""Reading: balances, legs, a purchase's row and its timeline. Nothing here asks Temporal."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, column, func, select, table, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.accounts import Account, Code
from domain.amounts import Amounts
from domain.escrow import Escrow
from domain.states import Dispute, Stage
from domain.terms import Terms
from ledger.book import TERMS
from ledger.keys import account_id
from ledger.port import Row, Stored
from ledger.statements import ACCOUNT, ESCROW, EVENT, TRANSFER, TRANSITION

BALANCE = table("account_balance", column("id"), column("debits"), column("credits"))


@dataclass(frozen=True, slots=True)
class Balance:
    """What has moved through an account, in minor units. An account never used is 0 and 0."""

    debits: int
    credits: int

    @property
    def owed(self) -> int:
        """Credits less debits: what a liability stands at, and an asset's below zero."""
        return self.credits - self.debits


@dataclass(frozen=True, slots=True)
class Posted:
    """One leg as it stands in the ledger; `amount` in minor units of `currency`."""

    sequence: int
    name: str
    leg: int
    debit: Account
    credit: Account
    amount: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase as lists and pages see it: as agreed, and as its last transition left it."""

    terms: Terms
    version: int
    row: Row
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """What a merchant hears: `body` is the webhook's payload, `id` its webhook-id."""

    id: str
    escrow_id: str
    merchant_id: str
    sequence: int
    type: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One transition in the timeline, and the types of the public events it caused."""

    sequence: int
    happened: Stored
    told: tuple[str, ...]


class Reading:
    def __init__(self, engine: AsyncEngine) -> None:
        # Each question is one statement, which sees one snapshot: no transaction around it.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def balance(self, account: Account, currency: str) -> Balance:
        query = select(BALANCE.c.debits, BALANCE.c.credits)
        found = await self._all(query.where(BALANCE.c.id == account_id(account, currency)))
        return Balance(int(found[0].debits), int(found[0].credits)) if found else Balance(0, 0)

    async def legs(self, subject: str) -> list[Posted]:
        """Every leg of a purchase, late payment … in the order in which they were numbered."""
        debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
        leg = TRANSFER.c
        query = (
            select(
                leg.sequence, leg.name, leg.leg, leg.amount, leg.currency, leg.event_at,
                debit.c.code.label("debit_code"), debit.c.owner.label("debit_owner"),
                credit.c.code.label("credit_code"), credit.c.owner.label("credit_owner"),
            )
            .join_from(TRANSFER, debit, debit.c.id == leg.debit_account)
            .join(credit, credit.c.id == leg.credit_account)
            .where(leg.subject == subject)
            .order_by(leg.sequence, leg.leg)
        )  # fmt: skip
        return [
            Posted(
                row.sequence,
                row.name,
                row.leg,
                Account(Code(row.debit_code), row.debit_owner),
                Account(Code(row.credit_code), row.credit_owner),
                row.amount,
                row.currency,
                row.event_at,
            )
            for row in await self._all(query)
        ]

    async def purchase(self, escrow_id: str) -> Purchase | None:
        found = await self._all(select(ESCROW).where(ESCROW.c.id == escrow_id))
        return _purchase(found[0]._mapping) if found else None

    async def timeline(self, escrow_id: str) -> list[Step]:
        """Everything that happened to a purchase, oldest first."""
        step = TRANSITION.c
        said = (
            select(func.array_agg(aggregate_order_by(EVENT.c.type, EVENT.c.sequence)))
            .where(EVENT.c.escrow_id == step.escrow_id, EVENT.c.transition == step.sequence)
            .scalar_subquery()
        )
        query = select(step.sequence, step.name, step.by, step.at, step.detail, said.label("told"))
        steps = await self._all(query.where(step.escrow_id == escrow_id).order_by(step.sequence))
        return [
            Step(row.sequence, Stored(row.name, row.by, row.at, row.detail), tuple(row.told or ()))
            for row in steps
        ]

    async def obeyed(self, escrow_id: str, command_id: str) -> bool:
        """Whether a step that is stored was asked for by this very command."""
        step = TRANSITION.c
        query = select(step.sequence).where(step.escrow_id == escrow_id, step.command == command_id)
        return bool(await self._all(query))

    async def event(self, escrow_id: str, sequence: int) -> PublicEvent | None:
        """Public event number `sequence` of a purchase."""
        event = EVENT.c
        query = select(event.id, event.type, event.body, event.at, event.merchant_id)
        this = query.where(event.escrow_id == escrow_id, event.sequence == sequence)
        for row in await self._all(this):
            return PublicEvent(
                row.id, escrow_id, row.merchant_id, sequence, row.type, row.body, row.at
            )
        return None

    async def unstarted(self, older_than: timedelta, most: int = 100) -> list[Terms]:
        """Purchases that were committed before `older_than` and never started, oldest first."""
        query = (
            select(ESCROW.c.terms)
            .where(ESCROW.c.started_at.is_(None), ESCROW.c.created_at < func.now() - older_than)
            .order_by(ESCROW.c.created_at)
            .limit(most)
        )
        return [TERMS.validate_python(row.terms) for row in await self._all(query)]

    async def mark_started(self, escrow_id: str) -> None:
        """The purchase's workflow is known to run; the first such moment stays."""
        unstarted = update(ESCROW).where(ESCROW.c.id == escrow_id, ESCROW.c.started_at.is_(None))
        async with self._engine.connect() as connection:
            await connection.execute(unstarted.values(started_at=func.now()))

    async def _all(self, query: Any) -> Any:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()


def _purchase(row: RowMapping) -> Purchase:
    return Purchase(
        terms=TERMS.validate_python(row["terms"]),
        version=row["version"],
        row=Row(**{field.name: row[field.name] for field in fields(Row)}),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        started_at=row["started_at"],
    )


def projected(row: Any, disputes: int = 0) -> Escrow:
    """The purchase of a row of table `escrow`, without what no row holds."""
    return Escrow(
        terms=TERMS.validate_python(row.terms),
        stage=Stage(row.stage),
        amounts=Amounts(
            funded=row.funded,
            held=row.held,
            disputed=row.disputed,
            released=row.released,
            refunded=row.refunded,
            authorised=row.authorised,
        ),
        sequence=row.version,
        told=row.told,
        bank=row.bank,
        method=row.method,
        attempt=row.attempt,
        capture_before=row.capture_before,
        declined=row.declined,
        deadline=row.deadline,
        dispute=Dispute(row.dispute),
        disputes=disputes,
        dispute_deadline=row.dispute_deadline,
        review=row.review,
    )
