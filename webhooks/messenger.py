"""One signed try to tell a merchant, and a row that says how it went."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx2
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from webhooks.courier import Answer, post
from webhooks.endpoints import Endpoint, disable, endpoint_of
from webhooks.port import EndpointGone, NotDelivered, Notice
from webhooks.signing import signed_headers
from webhooks.tables import NoticeAttempt

GONE = 410
JSON = {"content-type": "application/json"}


class PublicEvent(Protocol):
    """What a merchant hears: `body` is the payload, `id` the webhook-id."""

    @property
    def id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


class Events(Protocol):
    async def event(self, escrow_id: str, sequence: int) -> PublicEvent | None:
        """Public event number `sequence` of a purchase."""


class WebhookMessenger:
    """The port's `Messenger` over HTTP; `client` is a `courier()`."""

    def __init__(self, client: httpx2.AsyncClient, engine: AsyncEngine, events: Events) -> None:
        self._client = client
        # Each question and each note is one statement: no transaction around it.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._events = events

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        """As the port says. `timeout` bounds the POST; 3xx is not followed, and not delivered."""
        event = await self._events.event(notice.escrow_id, notice.sequence)
        if event is None:
            raise NotDelivered("the event is not stored yet")
        endpoint = await self._endpoint(event.merchant_id)
        if endpoint is None:
            return
        body = payload(event)
        signed = signed_headers(event.id, body, endpoint.secret, datetime.now(UTC))
        answer = await post(self._client, endpoint.url, body, signed | JSON, timeout)
        await self._note(notice, answer)
        if answer.status == GONE:
            await self._disable(endpoint)
            raise EndpointGone(f"{event.merchant_id} answered 410")
        if not answer.delivered:
            raise NotDelivered(answer.error or f"answered {answer.status}", answer.retry_after)

    async def _endpoint(self, merchant_id: str) -> Endpoint | None:
        async with self._engine.connect() as connection:
            return await endpoint_of(connection, merchant_id)

    async def _disable(self, endpoint: Endpoint) -> None:
        async with self._engine.connect() as connection:
            await disable(connection, endpoint)

    async def _note(self, notice: Notice, answer: Answer) -> None:
        attempt = insert(NoticeAttempt).values(
            escrow_id=notice.escrow_id,
            sequence=notice.sequence,
            status=answer.status,
            error=answer.error,
            milliseconds=answer.milliseconds,
        )
        async with self._engine.connect() as connection:
            await connection.execute(attempt)


def payload(event: PublicEvent) -> bytes:
    """The bytes that are signed and sent: the same for every try of one event."""
    return json.dumps(event.body, ensure_ascii=False, separators=(",", ":")).encode()
