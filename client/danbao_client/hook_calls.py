"""The routes about webhooks as data."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from danbao_client.calls import Asked, Call, fresh, iso, model
from danbao_client.hooks import (
    DeliveryPage,
    ParkedRedelivery,
    Redelivery,
    UnheardPage,
    WebhookEndpoint,
    WebhookEndpointPage,
    WebhookEndpointWithSecret,
)

ENDPOINTS = "/v1/webhook_endpoints"
ENDPOINT = "/v1/webhook_endpoints/{endpoint_id}"


def create_endpoint(
    url: str,
    *,
    events: Sequence[str] | None,
    description: str,
    enabled: bool,
    idempotency_key: str | None,
) -> Call[WebhookEndpointWithSecret]:
    return Call(
        "POST",
        ENDPOINTS,
        model(WebhookEndpointWithSecret),
        body=_wanted(url, events, description, enabled),
        key=fresh(idempotency_key),
    )


def list_endpoints() -> Call[WebhookEndpointPage]:
    return Call("GET", ENDPOINTS, model(WebhookEndpointPage))


def get_endpoint(endpoint_id: str) -> Call[WebhookEndpoint]:
    return Call("GET", ENDPOINT, model(WebhookEndpoint), {"endpoint_id": endpoint_id})


def replace_endpoint(
    endpoint_id: str, url: str, *, events: Sequence[str] | None, description: str, enabled: bool
) -> Call[WebhookEndpoint]:
    return Call(
        "PUT",
        ENDPOINT,
        model(WebhookEndpoint),
        {"endpoint_id": endpoint_id},
        body=_wanted(url, events, description, enabled),
    )


def delete_endpoint(endpoint_id: str) -> Call[None]:
    return Call("DELETE", ENDPOINT, _nothing, {"endpoint_id": endpoint_id})


def rotate_secret(
    endpoint_id: str, overlap: timedelta | str, *, idempotency_key: str | None
) -> Call[WebhookEndpointWithSecret]:
    return Call(
        "POST",
        f"{ENDPOINT}/rotation",
        model(WebhookEndpointWithSecret),
        {"endpoint_id": endpoint_id},
        body={"overlap": iso(overlap)},
        key=fresh(idempotency_key),
    )


def revoke_old_secret(endpoint_id: str) -> Call[None]:
    return Call("DELETE", f"{ENDPOINT}/old_secret", _nothing, {"endpoint_id": endpoint_id})


def list_unheard(
    endpoint_id: str, *, state: str | None, cursor: str | None, limit: int
) -> Call[UnheardPage]:
    asked: dict[str, Asked | None] = {"state": state, "cursor": cursor, "limit": limit}
    query = {name: value for name, value in asked.items() if value is not None}
    ids = {"endpoint_id": endpoint_id}
    return Call("GET", f"{ENDPOINT}/unheard", model(UnheardPage), ids, query=query)


def redeliver_parked(endpoint_id: str, *, idempotency_key: str | None) -> Call[ParkedRedelivery]:
    return Call(
        "POST",
        f"{ENDPOINT}/redelivery",
        model(ParkedRedelivery),
        {"endpoint_id": endpoint_id},
        body={},
        key=fresh(idempotency_key),
    )


def list_deliveries(event_id: str, *, cursor: str | None, limit: int) -> Call[DeliveryPage]:
    asked: dict[str, Asked | None] = {"cursor": cursor, "limit": limit}
    query = {name: value for name, value in asked.items() if value is not None}
    path = "/v1/events/{event_id}/deliveries"
    return Call("GET", path, model(DeliveryPage), {"event_id": event_id}, query=query)


def redeliver_event(
    event_id: str, endpoint_id: str | None, *, idempotency_key: str | None
) -> Call[Redelivery]:
    return Call(
        "POST",
        "/v1/events/{event_id}/redelivery",
        model(Redelivery),
        {"event_id": event_id},
        body={"endpoint": endpoint_id} if endpoint_id else {},
        key=fresh(idempotency_key),
    )


def _wanted(
    url: str, events: Sequence[str] | None, description: str, enabled: bool
) -> dict[str, Any]:
    told = None if events is None else list(events)
    return {"url": url, "events": told, "description": description, "enabled": enabled}


def _nothing(_status: int, _body: bytes) -> None:
    return None
