"""`/v1/escrows/{id}/outlook`: whose turn it is, who may do what, what happens if nobody does."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import promises, purchases
from api.answers import JSON, etag
from api.commands import APurchase
from api.doors import Doors, TheDoors
from api.purchases import Purchase
from domain.escrow import Escrow, Moved
from domain.outlook import if_nobody_acts, may, turn
from domain.states import Party

router = APIRouter(
    prefix="/v1/escrows", tags=["escrows"], generate_unique_id_function=lambda route: route.name
)


class MayOut(BaseModel):
    """The commands that each side could give now, as the rules of a purchase call them."""

    buyer: list[str] = Field(examples=[["confirm_receipt", "extend", "dispute"]])
    merchant: list[str] = Field(examples=[["extend", "refund"]])
    operator: list[str] = Field(examples=[[]])


class AheadOut(BaseModel):
    """A step of the clock, and how the purchase stands after it. Amounts are minor units."""

    at: datetime
    name: str = Field(examples=["inspection_lapsed"])
    status: str = Field(examples=["completed"])
    held: int = Field(examples=[0])
    disputed: int = Field(examples=[0])
    released: int = Field(examples=[12900])
    refunded: int = Field(examples=[0])


class OutlookOut(BaseModel):
    """Where a purchase goes from here. `version` is the one that this is said of.

    `turn` is who must act next, null when it is over. `if_nobody_acts` is what the clock does by
    itself, in order, if no person does anything and no bank reports anything.
    """

    model_config = ConfigDict(title="Outlook")

    version: int
    turn: Literal["buyer", "merchant", "operator", "bank"] | None = Field(examples=["buyer"])
    may: MayOut
    if_nobody_acts: list[AheadOut]


@router.get(
    "/{escrow_id}/outlook",
    response_description="Whose turn it is, what each side may do, and what happens otherwise.",
    response_model=OutlookOut,
    responses=promises.READ,
)
async def read_outlook(purchase: APurchase, doors: TheDoors) -> Response:
    """What can become of a purchase: who may do what now, and what happens if nobody does."""
    said = outlook_out(await whole(doors, purchase), datetime.now(UTC))
    headers = {"ETag": etag(said.version), "Cache-Control": "no-store"}
    return Response(said.model_dump_json(), headers=headers, media_type=JSON)


async def whole(doors: Doors, purchase: Purchase) -> Escrow:
    """The purchase with all that its row leaves out, rebuilt from everything that happened."""
    escrow = Escrow.opened(purchase.escrow.terms)
    _created, *steps = await purchases.steps(doors.engine, purchase.id)
    for step in steps:
        escrow = escrow.after(step.event(), step.at).escrow
    return escrow


def outlook_out(escrow: Escrow, now: datetime) -> OutlookOut:
    whose = turn(escrow)
    return OutlookOut.model_validate(
        {
            "version": escrow.sequence,
            "turn": whose and whose.value,
            "may": {
                party.value: may(escrow, party)
                for party in (Party.BUYER, Party.MERCHANT, Party.OPERATOR)
            },
            "if_nobody_acts": [_ahead(step) for step in if_nobody_acts(escrow, now)],
        }
    )


def _ahead(step: Moved[Escrow]) -> dict[str, object]:
    amounts = step.escrow.amounts
    return {
        "at": step.at.astimezone(UTC),
        "name": step.event.name,
        "status": step.escrow.status,
        "held": amounts.held,
        "disputed": amounts.disputed,
        "released": amounts.released,
        "refunded": amounts.refunded,
    }
