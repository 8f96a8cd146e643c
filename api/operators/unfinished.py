"""Decisions that were approved and not carried out: their process died, or nobody answered it."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import exists, func, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from api.doors import Doors
from api.errors import Unavailable
from api.operators import decisions
from api.operators.tables import Proposal
from domain.errors import Refusal
from domain.events import DisputeOpened
from domain.states import Dispute
from ledger.tables import Escrow, Transition

#: Whoever approved is still waiting for the answer until then.
PATIENCE = timedelta(seconds=30)
EVERY = timedelta(seconds=30)
MOST = 20

log = structlog.get_logger()


async def keep_finishing(
    doors: Doors, older_than: timedelta = PATIENCE, every: timedelta = EVERY
) -> None:
    """Until cancelled."""
    while True:
        try:
            await finish(doors, older_than)
        except (SQLAlchemyError, OSError) as error:
            log.warning("decisions not looked through", error=type(error).__name__)
        await asyncio.sleep(every.total_seconds())


async def finish(doors: Doors, older_than: timedelta = PATIENCE) -> int:
    """Carry out what was approved before `older_than`; how many that were.

    Two processes may do the same: the command has the proposal's name, so it is obeyed once.
    """
    done = 0
    for escrow_id, number in await _unfinished(doors, older_than):
        try:
            await decisions.finish(doors, escrow_id, number)
            done += 1
        except (Refusal, Unavailable) as reason:
            # The dispute has ended otherwise in this moment, or the next round comes.
            log.warning("decision not carried out", escrow=escrow_id, reason=type(reason).__name__)
    return done


async def _unfinished(doors: Doors, older_than: timedelta) -> list[tuple[str, int]]:
    obeyed = exists().where(
        col(Transition.escrow_id) == col(Proposal.escrow_id),
        col(Transition.command) == col(Proposal.id),
    )
    # What was approved for a first dispute that ended otherwise is nothing to the second.
    present = (
        select(func.count())
        .where(
            col(Transition.escrow_id) == col(Proposal.escrow_id),
            col(Transition.name) == DisputeOpened.name,
        )
        .scalar_subquery()
    )
    query = (
        select(col(Proposal.escrow_id), col(Proposal.dispute))
        .join(Escrow, col(Escrow.id) == col(Proposal.escrow_id))
        .where(
            col(Escrow.dispute) == Dispute.ARBITRATION.value,
            col(Proposal.approved_at) < func.now() - literal(older_than),
            col(Proposal.dispute) == present,
            ~obeyed,
        )
        .order_by(col(Proposal.approved_at))
        .limit(MOST)
    )
    async with doors.engine.connect() as connection:
        return [(row.escrow_id, row.dispute) for row in await connection.execute(query)]
