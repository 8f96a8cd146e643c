"""How telling a merchant went, and telling it again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import promises, redelivery
from api.answers import JSON, answer_of, problem_answer, send
from api.auth import AWebmaster
from api.doors import TheDoors
from api.errors import EndpointDisabled, NobodyAsked, NotFound
from api.idempotency import Answer, Keyed, Try, fingerprint, idempotency_key, once
from api.requests import Body, Nothing
from ledger.reading import PublicEvent
from webhooks import attempts, unheard
from webhooks.attempts import Attempt
from webhooks.messenger import payload
from webhooks.unheard import Unheard

EVENT = "evt_efefa32415db593db11556355234e3d1"
ENDPOINT = "whe_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"

router = APIRouter(
    prefix="/v1", tags=["webhooks"], generate_unique_id_function=lambda route: route.name
)

EventId = Annotated[str, Path(examples=[EVENT])]
EndpointId = Annotated[str, Path(examples=[ENDPOINT])]
Key = Annotated[str, Depends(idempotency_key)]


class SentOut(BaseModel):
    """The request of a try; `body` byte for byte, as it was signed."""

    url: str
    headers: dict[str, str]
    body: str


class AnsweredOut(BaseModel):
    """What came back: at most the first 1024 bytes of `body`."""

    status: int
    body: str


class DeliveryOut(BaseModel):
    """One try at one endpoint. Without an answer `error` says why: `timeout`, `tls_failed` …"""

    id: str = Field(examples=["dlv_0193c8a1b2c37d4e8f9a0b1c2d3e4f51"])
    endpoint: str = Field(examples=[ENDPOINT])
    delivered: bool = Field(description="Answered 2xx in time.")
    at: datetime = Field(description="When the try had ended.")
    milliseconds: int = Field(description="How long it took.")
    request: SentOut
    answer: AnsweredOut | None
    error: str | None = Field(examples=["timeout"])


class UnheardOut(BaseModel):
    """An event that an endpoint has not heard: tried again at `next_try_at`, or parked."""

    event: str = Field(examples=[EVENT])
    type: str = Field(examples=["escrow.paid"])
    escrow: str
    sequence: int
    endpoint: str = Field(examples=[ENDPOINT])
    state: Literal["retrying", "parked"]
    tries: int = Field(description="Since it happened, or was last asked for again.")
    reason: str = Field(description="Why the last try failed.", examples=["503", "timeout"])
    next_try_at: datetime | None
    parked_at: datetime | None
    since: datetime


class DeliveryList(BaseModel):
    """Tries, newest first, kept for 30 days; `unheard` are the endpoints still without it."""

    data: list[DeliveryOut]
    has_more: bool
    next_cursor: str | None
    unheard: list[UnheardOut]


class UnheardList(BaseModel):
    data: list[UnheardOut]
    has_more: bool
    next_cursor: str | None


class Deliveries(BaseModel):
    """Which page of the tries."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(None, pattern=r"^dlv_[0-9a-f]{32}$", description="`next_cursor`.")
    limit: int = Field(20, ge=1, le=100)


class Missed(BaseModel):
    """Which page of what an endpoint has not heard; oldest first."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["retrying", "parked"] | None = None
    cursor: str | None = Field(None, pattern=r"^unh_[0-9a-f]{32}$", description="`next_cursor`.")
    limit: int = Field(20, ge=1, le=100)


class RedeliveryIn(Body):
    """Whom to tell again; left out: every endpoint that asks for this type of event."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"endpoint": ENDPOINT}]})

    endpoint: Annotated[str, Field(strict=True, pattern=r"^whe_[0-9a-f]{32}$")] | None = None


class RedeliveryOut(BaseModel):
    """Being told again now, and then as the schedule says."""

    event: str = Field(examples=[EVENT])
    endpoints: list[str] = Field(examples=[[ENDPOINT]])


class ParkedRedeliveryOut(BaseModel):
    """Being told again now: the oldest that were parked, at most 100 at a time."""

    endpoint: str = Field(examples=[ENDPOINT])
    events: list[str] = Field(examples=[[EVENT]])
    has_more: bool = Field(description="More are parked: ask again, with a new key.")


@router.get(
    "/events/{event_id}/deliveries",
    response_description="One page of the tries.",
    response_model=DeliveryList,
    responses=promises.LIST | promises.problems(NotFound),
)
async def list_deliveries(
    event_id: EventId, doors: TheDoors, merchant: AWebmaster, page: Annotated[Deliveries, Query()]
) -> Response:
    """How telling this event went: what was sent, what was answered, how long it took."""
    event = await redelivery.event_of(doors.engine, merchant.merchant_id, event_id)
    async with doors.engine.connect() as connection:
        found = await attempts.attempts(
            connection, event.escrow_id, event.sequence, page.cursor, page.limit + 1
        )
        missed = await unheard.of_event(connection, event.id)
    shown, more = found[: page.limit], len(found) > page.limit
    body = DeliveryList(
        data=[_delivery_out(event, one) for one in shown],
        has_more=more,
        next_cursor=shown[-1].id if more else None,
        unheard=[_unheard_out(one) for one in missed],
    )
    return Response(body.model_dump_json(), media_type=JSON)


@router.post(
    "/events/{event_id}/redelivery",
    status_code=202,
    response_description="Being told again.",
    response_model=RedeliveryOut,
    responses=promises.merchants(NotFound, EndpointDisabled, NobodyAsked),
)
async def redeliver_event(
    request: Request,
    event_id: EventId,
    doors: TheDoors,
    merchant: AWebmaster,
    key: Key,
    whom: RedeliveryIn | None = None,
) -> Response:
    """Tell this event again, heard or not: at once, then on the schedule until it is heard."""
    event = await redelivery.event_of(doors.engine, merchant.merchant_id, event_id)
    wanted = whom or RedeliveryIn()

    async def act(_: Try) -> Answer:
        try:
            told = await redelivery.tell_again(doors.engine, doors.trade, event, wanted.endpoint)
        except (EndpointDisabled, NobodyAsked) as refusal:
            return problem_answer(request, refusal)
        return answer_of(202, RedeliveryOut(event=event.id, endpoints=told))

    said = fingerprint("POST", request.url.path, wanted.model_dump_json())
    return send(await once(doors.engine, Keyed(merchant.subject, key, said), act))


@router.get(
    "/webhook_endpoints/{endpoint_id}/unheard",
    response_description="One page of them.",
    response_model=UnheardList,
    responses=promises.LIST | promises.problems(NotFound),
)
async def list_unheard(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster,
    page: Annotated[Missed, Query()],
) -> Response:  # fmt: skip
    """What this endpoint has not heard: being tried again, or parked after about three days."""
    endpoint = await redelivery.endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    parked = None if page.state is None else page.state == "parked"
    async with doors.engine.connect() as connection:
        found = await unheard.of_endpoint(
            connection, endpoint.id, page.cursor or "", page.limit + 1, parked=parked
        )
    shown, more = found[: page.limit], len(found) > page.limit
    body = UnheardList(
        data=[_unheard_out(one) for one in shown],
        has_more=more,
        next_cursor=shown[-1].id if more else None,
    )
    return Response(body.model_dump_json(), media_type=JSON)


@router.post(
    "/webhook_endpoints/{endpoint_id}/redelivery",
    status_code=202,
    response_description="Being told again.",
    response_model=ParkedRedeliveryOut,
    responses=promises.merchants(NotFound, EndpointDisabled),
)
async def redeliver_parked(
    request: Request,
    endpoint_id: EndpointId,
    doors: TheDoors,
    merchant: AWebmaster,
    key: Key,
    nothing: Nothing | None = None,
) -> Response:
    """Tell this endpoint again what was parked for it, the oldest first."""
    endpoint = await redelivery.endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)

    async def act(_: Try) -> Answer:
        try:
            told, more = await redelivery.tell_parked(doors.engine, doors.trade, endpoint)
        except EndpointDisabled as refusal:
            return problem_answer(request, refusal)
        events = [missed.event_id for missed in told]
        return answer_of(
            202, ParkedRedeliveryOut(endpoint=endpoint.id, events=events, has_more=more)
        )

    said = fingerprint("POST", request.url.path, (nothing or Nothing()).model_dump_json())
    return send(await once(doors.engine, Keyed(merchant.subject, key, said), act))


def _delivery_out(event: PublicEvent, tried: Attempt) -> DeliveryOut:
    return DeliveryOut(
        id=tried.id,
        endpoint=tried.endpoint_id,
        delivered=200 <= tried.status < 300,
        at=tried.at,
        milliseconds=tried.milliseconds,
        request=SentOut(url=tried.url, headers=tried.headers, body=payload(event).decode()),
        answer=AnsweredOut(status=tried.status, body=tried.answer) if tried.status else None,
        error=tried.error or None,
    )


def _unheard_out(missed: Unheard) -> UnheardOut:
    return UnheardOut(
        event=missed.event_id,
        type=missed.type,
        escrow=missed.escrow_id,
        sequence=missed.sequence,
        endpoint=missed.endpoint_id,
        state="parked" if missed.parked_at else "retrying",
        tries=missed.tries,
        reason=missed.reason,
        next_try_at=missed.next_at,
        parked_at=missed.parked_at,
        since=missed.since,
    )
