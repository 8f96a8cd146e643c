"""What the doors show of webhooks: endpoints, tries, and what was not heard."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from ledger.reading import PublicEvent
from webhooks.attempts import Attempt
from webhooks.endpoints import Endpoint
from webhooks.messenger import payload
from webhooks.unheard import Unheard

EVENT = "evt_efefa32415db593db11556355234e3d1"
ENDPOINT = "whe_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"


class EndpointOut(BaseModel):
    """`disabled_by` says who switched it off: the `merchant`, or its server (410, `gone`)."""

    id: str = Field(examples=[ENDPOINT])
    url: str = Field(examples=["https://shop.example/hooks"])
    events: list[str] | None = Field(examples=[["escrow.paid", "escrow.released"]])
    description: str = Field(examples=["Orders"])
    enabled: bool = Field(examples=[True])
    disabled_by: Literal["merchant", "gone"] | None = Field(examples=[None])
    old_secret_expires_at: datetime | None = Field(
        description="Until when the secret before the newest one signs too."
    )
    created_at: datetime


class EndpointSecretOut(EndpointOut):
    """The only answer that tells the newest signing secret."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])


class EndpointList(BaseModel):
    """All of them, oldest first: there are at most ten."""

    data: list[EndpointOut]
    has_more: Literal[False] = False
    next_cursor: None = None


class SentOut(BaseModel):
    """The request of a try; `body` byte for byte, as it was signed."""

    url: str = Field(examples=["https://shop.example/hooks"])
    headers: dict[str, str] = Field(examples=[{"webhook-id": EVENT}])
    body: str = Field(examples=['{"type":"escrow.paid"}'])


class AnsweredOut(BaseModel):
    """What came back: at most the first 1024 bytes of `body`."""

    status: int = Field(examples=[200])
    body: str = Field(examples=["ok"])


class DeliveryOut(BaseModel):
    """One try at one endpoint. Without an answer `error` says why: `timeout`, `tls_failed` …"""

    id: str = Field(examples=["dlv_0193c8a1b2c37d4e8f9a0b1c2d3e4f51"])
    endpoint: str = Field(examples=[ENDPOINT])
    delivered: bool = Field(description="Answered 2xx in time.", examples=[True])
    at: datetime = Field(description="When the try had ended.")
    milliseconds: int = Field(description="How long it took.", examples=[87])
    request: SentOut
    answer: AnsweredOut | None
    error: str | None = Field(examples=[None, "timeout"])


class UnheardOut(BaseModel):
    """An event that an endpoint has not heard: tried again at `next_try_at`, or parked."""

    event: str = Field(examples=[EVENT])
    type: str = Field(examples=["escrow.paid"])
    escrow: str = Field(examples=["esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])
    sequence: int = Field(examples=[2])
    endpoint: str = Field(examples=[ENDPOINT])
    state: Literal["retrying", "parked"]
    tries: int = Field(description="Since it happened, or was last asked for again.")
    reason: str = Field(description="Why the last try failed.", examples=["503", "timeout"])
    next_try_at: datetime | None
    parked_at: datetime | None = Field(examples=[None])
    since: datetime


class DeliveryList(BaseModel):
    """Tries, newest first, kept for 30 days; `unheard` are the endpoints still without it."""

    data: list[DeliveryOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(examples=["dlv_0193c8a1b2c37d4e8f9a0b1c2d3e4f51.kQ3b"])
    unheard: list[UnheardOut]


class UnheardList(BaseModel):
    data: list[UnheardOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(examples=["unh_0193c8a1b2c37d4e8f9a0b1c2d3e4f52.Zr7d"])


class RedeliveryOut(BaseModel):
    """Being told again now, and then as the schedule says."""

    event: str = Field(examples=[EVENT])
    endpoints: list[str] = Field(examples=[[ENDPOINT]])


class ParkedRedeliveryOut(BaseModel):
    """Being told again now: the oldest that were parked, at most 100 at a time."""

    endpoint: str = Field(examples=[ENDPOINT])
    events: list[str] = Field(examples=[[EVENT]])
    has_more: bool = Field(description="More are parked: ask again, with a new key.")


def endpoint_out(endpoint: Endpoint) -> EndpointOut:
    two = len(endpoint.secrets(datetime.now(UTC))) > 1
    return EndpointOut(
        id=endpoint.id,
        url=endpoint.url,
        events=endpoint.events,
        description=endpoint.description,
        enabled=endpoint.disabled_by is None,
        disabled_by=endpoint.disabled_by,
        old_secret_expires_at=endpoint.old_secret_until if two else None,
        created_at=endpoint.created_at,
    )


def with_secret(endpoint: Endpoint) -> EndpointSecretOut:
    return EndpointSecretOut(**dict(endpoint_out(endpoint)), secret=endpoint.secret)


def delivery_out(event: PublicEvent, tried: Attempt) -> DeliveryOut:
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


def unheard_out(missed: Unheard) -> UnheardOut:
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
