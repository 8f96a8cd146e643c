"""`/v1/events`: what webhooks tell a merchant, to be read again or instead."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from api import promises
from api.answers import JSON
from api.auth import AReader
from api.doors import TheDoors
from api.errors import NotFound
from clearing.port import PayoutState
from domain.transitions import PUBLIC_EVENTS
from ledger.log import Log
from ledger.reading import PublicEvent

EVENT_ID = "^evt_[0-9a-f]{32}$"
#: What is told of a payout, by the state it went to.
PAYOUT_EVENTS = tuple(state for state in PayoutState if state is not PayoutState.OPENED)
TYPES = (
    *(f"escrow.{name}" for name in PUBLIC_EVENTS),
    *(f"payout.{state}" for state in PAYOUT_EVENTS),
)
EXAMPLE: dict[str, Any] = {
    "type": "escrow.paid",
    "timestamp": "2026-03-02T12:00:00Z",
    "data": {
        "id": "evt_efefa32415db593db11556355234e3d1",
        "sequence": 2,
        "escrow": {
            "id": "esc_0190b3c7f0a17d4c9f60c1b2a3d4e5f6",
            "order_id": "A-1001",
            "status": "awaiting_shipment",
            "version": 3,
            "amount": 12900,
            "currency": "CNY",
            "funded": 12900,
            "held": 12900,
            "disputed": 0,
            "released": 0,
            "refunded": 0,
            "returning": 0,
            "deadline": "2026-03-09T12:00:00Z",
        },
        "detail": {"amount": 12900, "attempt": 1, "capture_before": None},
    },
}

router = APIRouter(
    prefix="/v1/events", tags=["events"], generate_unique_id_function=lambda route: route.name
)


def _known(name: str) -> str:
    if name not in TYPES:
        raise ValueError(f"must be one of {', '.join(TYPES)}")
    return name


EventType = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(TYPES)})
]


class EscrowTold(BaseModel):
    """The purchase as it stood right after the event; amounts in minor units."""

    id: str
    order_id: str
    status: str
    version: int
    amount: int
    currency: str
    funded: int
    held: int
    disputed: int
    released: int
    refunded: int
    returning: int
    deadline: datetime | None


class PayoutTold(BaseModel):
    """The payout as it stood right after the event; `amount` in minor units."""

    id: str
    status: str
    amount: int
    currency: str
    bank: str
    day: date
    reason: str


class EventData(BaseModel):
    """`sequence` counts the events of one purchase without gaps; `detail` is what the step said."""

    id: str
    sequence: int
    escrow: EscrowTold
    detail: dict[str, str | int | None]


class PayoutEventData(BaseModel):
    """The same of a payout, which counts events of its own."""

    id: str
    sequence: int
    payout: PayoutTold
    detail: dict[str, str | int | None]


class EventOut(BaseModel):
    """The webhook's body; `data.id` is its `webhook-id`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    type: str = Field(description="Of the types that `types` takes; there may be new ones.")
    timestamp: datetime = Field(description="When it happened.")
    data: EventData | PayoutEventData = Field(
        description="About a purchase, or where `type` begins with `payout.` about a payout."
    )


class EventList(BaseModel):
    """In the order of the log. `next_cursor` is where to go on, now or whenever there is more."""

    data: list[EventOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(
        description="For `after`; null while nothing has happened.",
        examples=[EXAMPLE["data"]["id"]],
    )


class Reading(BaseModel):
    """Which events, from where on."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = Field(
        None, pattern=EVENT_ID, description="`next_cursor` of the page before: an event's id."
    )
    types: list[EventType] = Field([], max_length=len(TYPES), description="Only these; else all.")
    limit: int = Field(20, ge=1, le=100)


def listed(events: Iterable[PublicEvent]) -> str:
    """A JSON array of them, each as the webhook says it."""
    return f"[{','.join(said(event) for event in events)}]"


def said(event: PublicEvent) -> str:
    """The webhook's body, on one line."""
    return json.dumps(event.body, ensure_ascii=False, separators=(",", ":"))


@router.get(
    "",
    response_description="One page of them.",
    response_model=EventList,
    responses=promises.LIST | promises.problems(NotFound),
)
async def list_events(
    doors: TheDoors, merchant: AReader, reading: Annotated[Reading, Query()]
) -> Response:
    """A merchant's events, oldest first. Whoever follows `next_cursor` misses none, ever.

    The order is that in which they became final: it never changes, and nothing is put in between.
    """
    log = Log(doors.engine)
    page = await log.page(merchant.merchant_id, reading.after, reading.limit, reading.types)
    if page is None:
        raise NotFound("you have no event `after`")
    more, cursor = json.dumps(page.more), json.dumps(page.last)
    body = f'{{"data":{listed(page.events)},"has_more":{more},"next_cursor":{cursor}}}'
    return Response(body, media_type=JSON)


@router.get(
    "/{event_id}",
    response_description="The event, as the webhook says it.",
    response_model=EventOut,
    responses=promises.LIST | promises.problems(NotFound),
)
async def get_event(
    event_id: Annotated[str, Path(examples=[EXAMPLE["data"]["id"]])],
    doors: TheDoors,
    merchant: AReader,
) -> Response:
    """One event, by its id, which is also the `webhook-id`."""
    known = re.match(EVENT_ID, event_id)
    event = await Log(doors.engine).find(event_id) if known else None
    if event is None or event.merchant_id != merchant.merchant_id:
        raise NotFound
    return Response(said(event), media_type=JSON)
