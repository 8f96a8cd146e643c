"""How telling a merchant went, and telling it again."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from api import promises, redelivery
from api.answers import JSON, answer_of, problem_answer, send
from api.auth import AWebmaster
from api.cursors import Page
from api.doors import TheDoors
from api.errors import EndpointDisabled, InvalidCursor, NobodyAsked, NotFound
from api.idempotency import Answer, Keyed, Try, fingerprint, idempotency_key, once
from api.requests import Body, Nothing
from api.webhook_views import (
    ENDPOINT,
    EVENT,
    DeliveryList,
    ParkedRedeliveryOut,
    RedeliveryOut,
    UnheardList,
    delivery_out,
    unheard_out,
)
from webhooks import attempts, unheard

router = APIRouter(
    prefix="/v1", tags=["webhooks"], generate_unique_id_function=lambda route: route.name
)

EventId = Annotated[str, Path(examples=[EVENT])]
EndpointId = Annotated[str, Path(examples=[ENDPOINT])]
Key = Annotated[str, Depends(idempotency_key)]


class Missed(Page):
    """Which part of what an endpoint has not heard; oldest first."""

    state: Literal["retrying", "parked"] | None = None


class RedeliveryIn(Body):
    """Whom to tell again; left out: every endpoint that asks for this type of event."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"endpoint": ENDPOINT}]})

    endpoint: Annotated[str, Field(strict=True, pattern=r"^whe_[0-9a-f]{32}$")] | None = None


@router.get(
    "/events/{event_id}/deliveries",
    response_description="One page of the tries.",
    response_model=DeliveryList,
    responses=promises.LIST | promises.problems(NotFound, InvalidCursor),
)
async def list_deliveries(
    event_id: EventId, doors: TheDoors, merchant: AWebmaster, page: Annotated[Page, Query()]
) -> Response:
    """How telling this event went: what was sent, what was answered, how long it took."""
    event = await redelivery.event_of(doors.engine, merchant.merchant_id, event_id)
    here = (f"deliveries of {event.id}", merchant.merchant_id)
    before = doors.cursors.last(*here, page.cursor) if page.cursor is not None else None
    async with doors.engine.connect() as connection:
        found = await attempts.attempts(
            connection, event.escrow_id, event.sequence, before, page.limit + 1
        )
        missed = await unheard.of_event(connection, event.id)
    shown, more = found[: page.limit], len(found) > page.limit
    body = DeliveryList(
        data=[delivery_out(event, one) for one in shown],
        has_more=more,
        next_cursor=doors.cursors.after(*here, shown[-1].id) if more else None,
        unheard=[unheard_out(one) for one in missed],
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
    responses=promises.LIST | promises.problems(NotFound, InvalidCursor),
)
async def list_unheard(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster,
    page: Annotated[Missed, Query()],
) -> Response:  # fmt: skip
    """What this endpoint has not heard: being tried again, or parked after about three days."""
    endpoint = await redelivery.endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    here = (f"unheard of {endpoint.id}", merchant.merchant_id)
    after = doors.cursors.last(*here, page.cursor) if page.cursor is not None else ""
    parked = None if page.state is None else page.state == "parked"
    async with doors.engine.connect() as connection:
        found = await unheard.of_endpoint(
            connection, endpoint.id, after, page.limit + 1, parked=parked
        )
    shown, more = found[: page.limit], len(found) > page.limit
    body = UnheardList(
        data=[unheard_out(one) for one in shown],
        has_more=more,
        next_cursor=doors.cursors.after(*here, shown[-1].id) if more else None,
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
