"""`/v1/webhook_endpoints`: where a merchant wants to be told, and which secrets sign there."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.config import JsonDict
from sqlalchemy.ext.asyncio import AsyncConnection

from api import promises
from api.answers import JSON, answer_of, problem_answer, send
from api.auth import AWebmaster
from api.doors import TheDoors
from api.errors import Flaw, InvalidRequest, NotFound, TooManyEndpoints
from api.events import EventType
from api.fields import Duration, Note, printable
from api.idempotency import Answer, Keyed, fingerprint, forget_secrets, idempotency_key, within
from api.redelivery import endpoint_of
from api.requests import Body
from api.webhook_views import (
    ENDPOINT,
    EndpointList,
    EndpointOut,
    EndpointSecretOut,
    endpoint_out,
    with_secret,
)
from webhooks import endpoints
from webhooks.addresses import LONGEST_URL, BadEndpoint
from webhooks.endpoints import Endpoint, Wanted

#: As long as two secrets sign at most: a merchant deploys the new one within that.
LONGEST_OVERLAP = timedelta(days=7)
EXAMPLE: JsonDict = {
    "url": "https://shop.example/hooks",
    "events": ["escrow.paid", "escrow.released"],
    "description": "Orders",
    "enabled": True,
}

router = APIRouter(
    prefix="/v1/webhook_endpoints",
    tags=["webhooks"],
    generate_unique_id_function=lambda route: route.name,
)

EndpointId = Annotated[str, Path(examples=[ENDPOINT])]
Key = Annotated[str, Depends(idempotency_key)]


def _short_enough(overlap: timedelta) -> timedelta:
    if overlap > LONGEST_OVERLAP:
        raise ValueError("must be at most P7D")
    return overlap


#: What else it has to be depends on the mode: `webhooks.addresses` decides.
HookUrl = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST_URL),
    AfterValidator(printable),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": LONGEST_URL}),
]


class EndpointIn(Body):
    """Where to tell what. `events` left out or null: every type, also those to come."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    url: HookUrl = Field(description="https with a public name; in a sandbox http too.")
    events: Annotated[list[EventType], Field(min_length=1, max_length=50)] | None = None
    description: Note = Field("", description="For yourself.")
    enabled: StrictBool = True

    def wanted(self) -> Wanted:
        events = list(dict.fromkeys(self.events)) if self.events else None
        return Wanted(self.url, events, self.description, self.enabled)


class RotationIn(Body):
    """How long the secret before signs too; `PT0S`: not at all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap": "P1D"}]})

    overlap: Annotated[Duration, AfterValidator(_short_enough)] = timedelta(days=1)


@router.post(
    "",
    status_code=201,
    response_description="The new endpoint, with its signing secret.",
    response_model=EndpointSecretOut,
    responses=promises.merchants(TooManyEndpoints),
)
async def create_webhook_endpoint(
    request: Request, doors: TheDoors, merchant: AWebmaster, key: Key, asked: EndpointIn
) -> Response:
    """Be told at one more address, from now on. The answer tells the secret, this once."""

    async def act(connection: AsyncConnection) -> Answer:
        try:
            made = await endpoints.add(
                connection, merchant.merchant_id, asked.wanted(), livemode=doors.livemode
            )
        except BadEndpoint as bad:
            raise _no_address(bad) from bad
        except endpoints.TooManyEndpoints:
            return problem_answer(request, TooManyEndpoints())
        return answer_of(201, with_secret(made))

    said = fingerprint("POST", request.url.path, asked.model_dump_json(exclude_unset=True))
    async with doors.engine.begin() as connection:
        keyed = Keyed(merchant.subject, key, said)
        return send(await within(connection, keyed, lambda: act(connection)))


@router.get(
    "",
    response_description="All of them.",
    response_model=EndpointList,
    responses=promises.LIST,
)
async def list_webhook_endpoints(doors: TheDoors, merchant: AWebmaster) -> Response:
    """Where a merchant is told, oldest first."""
    async with doors.engine.connect() as connection:
        found = await endpoints.of_merchant(connection, merchant.merchant_id)
    page = EndpointList(data=[endpoint_out(one) for one in found])
    return Response(page.model_dump_json(), media_type=JSON)


@router.get(
    "/{endpoint_id}",
    response_description="The endpoint, without its secrets.",
    response_model=EndpointOut,
    responses=promises.LIST | promises.problems(NotFound),
)
async def get_webhook_endpoint(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster
) -> Response:
    """One endpoint."""
    found = await endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    return Response(endpoint_out(found).model_dump_json(), media_type=JSON)


@router.put(
    "/{endpoint_id}",
    response_description="The endpoint as it is now.",
    response_model=EndpointOut,
    responses=promises.merchants(NotFound, keyed=False),
)
async def replace_webhook_endpoint(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster, asked: EndpointIn
) -> Response:
    """Everything about it but its secrets, anew. One that was switched off is told again."""
    there = await endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    try:
        async with doors.engine.begin() as connection:
            changed = await endpoints.replace(
                connection, there.id, there.merchant_id, asked.wanted(), livemode=doors.livemode
            )
    except BadEndpoint as bad:
        raise _no_address(bad) from bad
    return Response(endpoint_out(_found(changed)).model_dump_json(), media_type=JSON)


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    response_description="Forgotten, with its secrets.",
    response_model=None,
    responses=promises.LIST | promises.problems(NotFound),
)
async def delete_webhook_endpoint(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster
) -> Response:
    """Tell this address nothing any more, also nothing that it has not heard yet."""
    there = await endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    async with doors.engine.begin() as connection:
        if not await endpoints.remove(connection, there.id, there.merchant_id):
            raise NotFound
        await forget_secrets(connection, merchant.subject, there.id)
    return Response(status_code=204)


@router.post(
    "/{endpoint_id}/rotation",
    response_description="The endpoint, with its new signing secret.",
    response_model=EndpointSecretOut,
    responses=promises.merchants(NotFound),
)
async def rotate_webhook_secret(
    request: Request,
    endpoint_id: EndpointId,
    doors: TheDoors,
    merchant: AWebmaster,
    key: Key,
    asked: RotationIn | None = None,
) -> Response:
    """A new secret, told this once. For `overlap` the one before signs every notice too."""
    rotation = asked or RotationIn()
    there = await endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    said = fingerprint("POST", request.url.path, rotation.model_dump_json())
    async with doors.engine.begin() as connection:

        async def act() -> Answer:
            rotated = await endpoints.rotate(
                connection, there.id, there.merchant_id, rotation.overlap
            )
            return answer_of(200, with_secret(_found(rotated)))

        return send(await within(connection, Keyed(merchant.subject, key, said), act))


@router.delete(
    "/{endpoint_id}/old_secret",
    status_code=204,
    response_description="Only the newest secret signs.",
    response_model=None,
    responses=promises.LIST | promises.problems(NotFound),
)
async def revoke_old_webhook_secret(
    endpoint_id: EndpointId, doors: TheDoors, merchant: AWebmaster
) -> Response:
    """The secret before the newest one signs no longer, before its time."""
    there = await endpoint_of(doors.engine, merchant.merchant_id, endpoint_id)
    async with doors.engine.begin() as connection:
        if not await endpoints.revoke_old_secret(connection, there.id, there.merchant_id):
            raise NotFound
        await forget_secrets(connection, merchant.subject, there.id, but=there.secret)
    return Response(status_code=204)


def _found(endpoint: Endpoint | None) -> Endpoint:
    """Raises NotFound: somebody deleted it a moment ago."""
    if endpoint is None:
        raise NotFound
    return endpoint


def _no_address(bad: BadEndpoint) -> InvalidRequest:
    return InvalidRequest(flaws=(Flaw(str(bad), pointer="#/url"),))
