"""One signed try to tell a merchant, bounded in time and in what is read of the answer."""

import asyncio
import email.utils
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx2
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from webhooks.port import EndpointGone, NotDelivered, Notice
from webhooks.signing import signed_headers
from webhooks.tables import NoticeAttempt, WebhookEndpoint

GONE = 410
#: A merchant's wish to be left alone counts up to a day.
LONGEST_RETRY_AFTER = timedelta(days=1)


class PublicEvent(Protocol):
    """What a merchant hears: `body` is the payload, `id` the webhook-id."""

    @property
    def id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


class Events(Protocol):
    async def event(self, escrow_id: str, sequence: int) -> PublicEvent | None: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    secret: str


class WebhookMessenger:
    """The port's `Messenger` over HTTP."""

    def __init__(self, client: httpx2.AsyncClient, engine: AsyncEngine, events: Events) -> None:
        self._client = client
        self._engine = engine
        self._events = events

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        """As the port says. Redirects are not followed: 3xx is not delivered."""
        event = await self._events.event(notice.escrow_id, notice.sequence)
        if event is None:
            raise NotDelivered("the event is not stored yet")
        endpoint = await self._endpoint(event.merchant_id)
        if endpoint is None:
            return
        started = time.monotonic()
        status, error, headers = await self._post(endpoint, event, timeout)
        spent = int((time.monotonic() - started) * 1000)
        await self._note(notice, status, error, spent)
        if status == GONE:
            await self._disable(event.merchant_id)
            raise EndpointGone(f"{event.merchant_id} answered 410")
        if not 200 <= status < 300:
            raise NotDelivered(error or f"answered {status}", retry_after(headers))

    async def _post(
        self, endpoint: Endpoint, event: PublicEvent, timeout: timedelta
    ) -> tuple[int, str, Mapping[str, str]]:
        """Status (0: no answer), why there was none, and the answer's headers."""
        body = json.dumps(event.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed_headers(event.id, body, endpoint.secret, datetime.now(UTC))
        headers["content-type"] = "application/json"
        try:
            async with (
                asyncio.timeout(timeout.total_seconds()),
                self._client.stream(
                    "POST", endpoint.url, content=body, headers=headers, follow_redirects=False
                ) as answer,
            ):
                # The body is none of our business, and may never end: it is not read.
                return answer.status_code, "", answer.headers
        except TimeoutError:
            return 0, "timeout", {}
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as broken:
            return 0, type(broken).__name__, {}

    async def _endpoint(self, merchant_id: str) -> Endpoint | None:
        at = WebhookEndpoint
        query = select(col(at.url), col(at.secret)).where(
            col(at.merchant_id) == merchant_id, col(at.disabled_at).is_(None)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return row and Endpoint(row.url, row.secret)

    async def _disable(self, merchant_id: str) -> None:
        gone = update(WebhookEndpoint).where(col(WebhookEndpoint.merchant_id) == merchant_id)
        async with self._engine.begin() as connection:
            await connection.execute(gone.values(disabled_at=func.now()))

    async def _note(self, notice: Notice, status: int, error: str, milliseconds: int) -> None:
        attempt = insert(NoticeAttempt).values(
            escrow_id=notice.escrow_id,
            sequence=notice.sequence,
            status=status,
            error=error,
            milliseconds=milliseconds,
        )
        async with self._engine.begin() as connection:
            await connection.execute(attempt)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when there is none that makes sense."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        seconds = float(said[:9])
        return min(timedelta(seconds=seconds), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    wait = moment - datetime.now(UTC)
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
