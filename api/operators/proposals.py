"""What operators propose for a dispute, and who approved it: the rows behind four eyes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from api.dispute_ids import dispute_id
from api.errors import ProposalDiffers
from api.operators import audit
from api.operators.accounts import Account
from api.operators.tables import Operator, Proposal

TABLE = SQLModel.metadata.tables[str(Proposal.__tablename__)]


@dataclass(frozen=True, slots=True)
class Split:
    """How the disputed money is divided. Minor units."""

    refund: int
    release: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What is proposed for the `dispute`-th dispute of a purchase, as it was at `version`.

    `id` is also the id of the command that carries it out; `alone`: one operator is enough.
    """

    id: str
    escrow_id: str
    dispute: int
    version: int
    split: Split
    note: str
    alone: bool

    @property
    def subject(self) -> str:
        return dispute_id(self.escrow_id, self.dispute)


@dataclass(frozen=True, slots=True)
class Proposed(Draft):
    """By whom, by ids and by logins; `approved_by` is None while it waits for a second pair."""

    proposed_by: str
    proposer: str
    proposed_at: datetime
    approved_by: str | None
    approver: str | None
    approved_at: datetime | None


async def propose(connection: AsyncConnection, operator: Account, draft: Draft) -> None:
    """Keep it; kept already is as good. Raises ProposalDiffers."""
    await _nothing_else_approved(connection, draft)
    row = insert(Proposal).values(
        id=draft.id,
        escrow_id=draft.escrow_id,
        dispute=draft.dispute,
        version=draft.version,
        refund=draft.split.refund,
        release=draft.split.release,
        note=draft.note,
        alone=draft.alone,
        proposed_by=operator.id,
        approved_by=operator.id if draft.alone else None,
        approved_at=func.now() if draft.alone else None,
    )
    fresh = await connection.execute(row.on_conflict_do_nothing().returning(col(Proposal.id)))
    if fresh.first():
        action = "dispute_decided_alone" if draft.alone else "resolution_proposed"
        await _noted(connection, operator, action, draft)


async def approve(connection: AsyncConnection, operator: Account, proposed: Proposed) -> None:
    """The first who approves stands there; whoever comes later only helps to carry it out.

    Raises ProposalDiffers.
    """
    await _nothing_else_approved(connection, proposed)
    this = (col(Proposal.id) == proposed.id) & col(Proposal.approved_by).is_(None)
    values = {"approved_by": operator.id, "approved_at": func.now()}
    first = await connection.execute(
        update(Proposal).where(this).values(**values).returning(col(Proposal.id))
    )
    if first.first():
        await _noted(connection, operator, "resolution_approved", proposed)


async def newest(connection: AsyncConnection, escrow_id: str, dispute: int) -> Proposed | None:
    """The one that counts: what was approved first, else what was proposed last."""
    proposer, approver = aliased(Operator), aliased(Operator)
    query = (
        select(TABLE, col(proposer.login).label("proposer"), col(approver.login).label("approver"))
        .join(proposer, TABLE.c.proposed_by == col(proposer.id))
        .outerjoin(approver, TABLE.c.approved_by == col(approver.id))
        .where(TABLE.c.escrow_id == escrow_id, TABLE.c.dispute == dispute)
        .order_by(
            TABLE.c.approved_at.asc().nulls_last(), TABLE.c.proposed_at.desc(), TABLE.c.id.desc()
        )
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Proposed(
        id=row.id,
        escrow_id=row.escrow_id,
        dispute=row.dispute,
        version=row.version,
        split=Split(row.refund, row.release),
        note=row.note,
        alone=row.alone,
        proposed_by=row.proposed_by,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        approved_by=row.approved_by,
        approver=row.approver,
        approved_at=row.approved_at,
    )


async def _nothing_else_approved(connection: AsyncConnection, this: Draft) -> None:
    """A dispute is decided once: what was approved is carried out, whatever is proposed then.

    Locks what is there, so that of two who approve different ones at once the second sees it.
    Raises ProposalDiffers.
    """
    same = (TABLE.c.escrow_id == this.escrow_id) & (TABLE.c.dispute == this.dispute)
    query = select(TABLE.c.id, TABLE.c.approved_by).where(same).order_by(TABLE.c.id)
    for row in await connection.execute(query.with_for_update()):
        if row.approved_by is not None and row.id != this.id:
            raise ProposalDiffers("another resolution was approved and is being carried out")


async def _noted(connection: AsyncConnection, operator: Account, action: str, said: Draft) -> None:
    await audit.note(
        connection,
        operator.id,
        action,
        said.subject,
        proposal=said.id,
        version=said.version,
        refund=said.split.refund,
        release=said.split.release,
        note=said.note,
    )
