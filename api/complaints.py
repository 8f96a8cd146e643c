"""`/v1/escrows/{id}/dispute`: the buyer reports a problem or gives it up, the merchant answers."""

from fastapi import APIRouter
from fastapi.responses import Response

from api import promises
from api.commands import ACommand, obey
from api.requests import AnswerIn, DisputeIn, Nothing
from api.scopes import Scope
from api.views import EscrowOut
from domain import errors as rules
from domain import events
from workflows import commands

router = APIRouter(
    prefix="/v1/escrows/{escrow_id}/dispute",
    tags=["disputes"],
    generate_unique_id_function=lambda route: route.name,
)


@router.post(
    "",
    response_description="The purchase, disputed.",
    response_model=EscrowOut,
    responses=promises.command(
        rules.DisputeOpenAlready, rules.TooManyDisputes, rules.AmountExceedsHeld
    ),
)
async def open_dispute(asked: ACommand, complaint: DisputeIn) -> Response:
    """The buyer reports a problem. What is disputed stays with us until it is decided.

    The rest goes its way: it can be confirmed, and its clock runs on.
    """
    event = events.DisputeOpened(amount=complaint.amount, reason=complaint.reason, by=asked.by)
    command = commands.OpenDispute(complaint.amount, complaint.reason)
    return await obey(asked, complaint, event, command)


@router.post(
    "/withdrawal",
    response_description="The purchase, as if nothing had been disputed.",
    response_model=EscrowOut,
    responses=promises.command(rules.NoDisputeOpen),
)
async def withdraw_dispute(asked: ACommand, nothing: Nothing | None = None) -> Response:
    """The buyer gives the dispute up: the money is held again, or released if its time is over."""
    event = events.DisputeWithdrawn(by=asked.by)
    return await obey(asked, nothing or Nothing(), event, commands.WithdrawDispute())


@router.post(
    "/answer",
    response_description="The purchase after the merchant's answer.",
    response_model=EscrowOut,
    responses=promises.command(rules.NoDisputeOpen),
)
async def answer_dispute(asked: ACommand, said: AnswerIn) -> Response:
    """The merchant accepts, which gives the disputed money back (scope `refunds`), or contests.

    What is contested is decided by operators; it can still be accepted until they have.
    """
    if said.answer == "accept":
        asked.caller.needs(Scope.REFUNDS)
        accepted = events.DisputeAccepted(by=asked.by)
        return await obey(asked, said, accepted, commands.AnswerDispute(contest=False))
    contested = events.DisputeContested(by=asked.by)
    return await obey(asked, said, contested, commands.AnswerDispute(contest=True))
