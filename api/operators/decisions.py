"""How operators decide a dispute: one proposes, another approves, and it is carried out once.

A decision is bound to the dispute, to the purchase's version and to its amounts. The command that
carries it out has the proposal's own id, so that whoever repeats any part of this after a crash
ends in the same place. Whether it was carried out is read off the ledger.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from api import purchases
from api.commands import ask
from api.dispute_ids import dispute_id
from api.doors import Doors
from api.errors import (
    MissingRole,
    NoProposal,
    NotFound,
    OwnProposal,
    ProposalDiffers,
    VersionMoved,
)
from api.idempotency import Try
from api.operators import accounts, audit, proposals
from api.operators.accounts import Account
from api.operators.proposals import Draft, Proposed, Split
from api.operators.roles import Role
from api.purchases import Purchase
from domain.events import DisputeResolved
from ledger.reading import Reading
from workflows.commands import ResolveDispute


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute as an operator saw it: the `number`-th of its purchase, at `version`."""

    escrow_id: str
    number: int
    version: int

    @property
    def id(self) -> str:
        return dispute_id(self.escrow_id, self.number)


async def needs(
    engine: AsyncEngine, operator: Account, role: Role, action: str, subject: str
) -> None:
    """Raise MissingRole, and write down that it was tried."""
    if operator.role.includes(role):
        return
    async with engine.begin() as connection:
        await audit.note(
            connection, operator.id, "refused", subject, wanted=action, needs=role.value
        )
    raise MissingRole(f"to {action} one has to be {role}, and {operator.login} is {operator.role}")


async def resolve(
    doors: Doors, operator: Account, case: Case, split: Split, note: str, this: Try
) -> Proposed:
    """Propose `split`; small amounts are carried out at once.

    Raises MissingRole, VersionMoved, ProposalDiffers, Refusal, Unavailable.
    """
    await needs(doors.engine, operator, Role.OPERATOR, "propose a resolution", case.id)
    proposal_id = f"prp_{this.command_id}"
    if this.again and (known := await _kept(doors, case)) and known.id == proposal_id:
        # An earlier try came this far. What it moved is no reason to refuse it now.
        return await _carried_out(doors, case, known) if known.alone else known
    purchase = await _at(doors, case)
    purchase.escrow.allows(event(case, split))
    alone = purchase.escrow.amounts.disputed <= doors.settings.four_eyes_above.get(
        purchase.escrow.terms.currency, 0
    )
    about = (case.escrow_id, case.number, case.version)
    async with doors.engine.begin() as connection:
        await accounts.stays(connection, operator)
        draft = Draft(proposal_id, *about, split, note, alone)
        await proposals.propose(connection, operator, draft)
    kept = await standing(doors, case)
    return await _carried_out(doors, case, kept) if alone else kept


async def approve(doors: Doors, operator: Account, case: Case, split: Split) -> Proposed:
    """Agree to what somebody else proposed, and carry it out.

    Raises MissingRole, NoProposal, ProposalDiffers, OwnProposal, VersionMoved, Refusal,
    Unavailable.
    """
    await needs(doors.engine, operator, Role.APPROVER, "approve a resolution", case.id)
    proposed = await standing(doors, case)
    if proposed.split != split:
        raise ProposalDiffers("the amounts are not the proposed ones")
    if proposed.proposed_by == operator.id:
        async with doors.engine.begin() as connection:
            await audit.note(connection, operator.id, "own_proposal_refused", case.id)
        raise OwnProposal("it is your own proposal")
    if proposed.version != case.version:
        raise VersionMoved(f"it was proposed at version {proposed.version}")
    if proposed.approved_by is None:
        await _at(doors, case)
    async with doors.engine.begin() as connection:
        await accounts.stays(connection, operator)
        if proposed.approved_by is None and not await accounts.still(
            connection, proposed.proposed_by, Role.OPERATOR
        ):
            raise NoProposal(f"{proposed.proposer}, who proposed it, may not do so any more")
        await proposals.approve(connection, operator, proposed)
    return await _carried_out(doors, case, proposed)


async def finish(doors: Doors, escrow_id: str, number: int) -> None:
    """Carry out what was approved and was not, because a process died. Raises Refusal, Unavailable.

    By whoever comes by; the command is the same, so that it is obeyed once.
    """
    case = Case(escrow_id, number, version=0)
    proposed = await _kept(doors, case)
    if proposed and proposed.approved_by is not None:
        await _carried_out(doors, case, proposed)


async def standing(doors: Doors, case: Case) -> Proposed:
    """The proposal that counts. Raises NoProposal."""
    if proposed := await _kept(doors, case):
        return proposed
    raise NoProposal("nobody has proposed a resolution of this dispute")


async def done(doors: Doors, case: Case, proposed: Proposed) -> bool:
    """Whether the ledger has it."""
    return await Reading(doors.engine).obeyed(case.escrow_id, proposed.id)


def event(case: Case, split: Split) -> DisputeResolved:
    return DisputeResolved(dispute=case.number, refund=split.refund, release=split.release)


async def _carried_out(doors: Doors, case: Case, proposed: Proposed) -> Proposed:
    purchase = await purchases.get(doors.engine, case.escrow_id)
    command = ResolveDispute(case.number, proposed.split.refund, proposed.split.release)
    this = Try(proposed.id, again=True)
    await ask(doors, purchase, event(case, proposed.split), command, this)
    return await standing(doors, case)


async def _kept(doors: Doors, case: Case) -> Proposed | None:
    async with doors.engine.connect() as connection:
        return await proposals.newest(connection, case.escrow_id, case.number)


async def _at(doors: Doors, case: Case) -> Purchase:
    """The purchase, if it is still at the version that was looked at. Raises VersionMoved."""
    purchase = await purchases.find(doors.engine, case.escrow_id)
    if purchase is None:
        raise NotFound
    if purchase.version != case.version:
        raise VersionMoved(f"it is at version {purchase.version}")
    return purchase
