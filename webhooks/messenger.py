"""One signed try to tell a merchant, and a row that says how it went."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from webhooks import attempts, endpoints, unheard
from webhooks.courier import ALWAYS, MOST_CONNECTIONS, Courier
from webhooks.endpoints import Endpoint
from webhooks.port import EndpointGone, NotDelivered, Notice, Parked
from webhooks.schedule import next_wait
from webhooks.signing import signed_headers

GONE = 410
SENT = ALWAYS | {"content-type": "application/json"}
#: After a try without success, first tries at that endpoint are left to the durable retry for so
#: long: what is down must not cost every purchase a second.
REST = timedelta(seconds=30)
#: Later tries at one endpoint at the same time, in this process: a thousand of them at a server
#: that never answers leave room for other tries.
MOST_LATER_TRIES = 20
#: And of one merchant, who may have ten endpoints.
MOST_OF_A_MERCHANT = 40
#: And of everybody: the rest of the connections is for first tries, which purchases wait for.
MOST_LATER_IN_ALL = MOST_CONNECTIONS * 3 // 4
#: When one that found no room comes again.
NO_ROOM = timedelta(seconds=10)
#: Reasons that are no answer's, as merchants read them.
HELD_BACK, DISABLED = "held_back", "disabled"

log = structlog.get_logger()

#: (tries so far, notice) → wait before the next, or None when there is none.
Schedule = Callable[[int, Notice], timedelta | None]


class PublicEvent(Protocol):
    """What a merchant hears: `body` is the payload, `id` the webhook-id."""

    @property
    def id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


class Events(Protocol):
    async def event(self, escrow_id: str, sequence: int) -> PublicEvent | None:
        """Public event number `sequence` of a purchase."""


class WebhookMessenger:
    """The port's `Messenger` over HTTP."""

    def __init__(
        self, courier: Courier, engine: AsyncEngine, events: Events, schedule: Schedule = next_wait
    ) -> None:
        self._courier = courier
        # Each question and each note is one statement: no transaction around it.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._events = events
        self._schedule = schedule
        #: endpoint → when first tries may go there again, on this process's monotonic clock.
        self._resting: dict[str, float] = {}
        #: endpoint, and merchant → later tries that are under way.
        self._under_way: Counter[str] = Counter()
        self._of_merchant: Counter[str] = Counter()

    async def announce(
        self, notice: Notice, timeout: timedelta, silent: Collection[str] = ()
    ) -> list[Notice]:
        """As the port says. `timeout` bounds each POST."""
        event = await self._event(notice)
        async with self._engine.connect() as connection:
            asking = await endpoints.asking(connection, event.merchant_id, event.type)
        each = [replace(notice, endpoint=one.id) for one in asking]
        first_tries = (
            self._first_try(its, event, one, timeout, silent)
            for its, one in zip(each, asking, strict=True)
        )
        tried = await asyncio.gather(*first_tries, return_exceptions=True)
        missed = (_missed(its, how) for its, how in zip(each, tried, strict=True))
        return [one for one in missed if one]

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        """As the port says. `timeout` bounds the POST; 3xx is not followed, and not delivered."""
        event = await self._event(notice)
        async with self._engine.connect() as connection:
            endpoint = await endpoints.find(connection, notice.endpoint)
            tries = await unheard.tries_of(connection, notice)
            if endpoint is None:
                await unheard.heard(connection, notice)
                raise EndpointGone("the endpoint was deleted")
        if endpoint.disabled_by:
            await self._unheard(notice, event, tries, tries, DISABLED, None)
            raise EndpointGone("the endpoint is switched off")
        if not self._room(endpoint):
            await self._unheard(notice, event, tries, tries, HELD_BACK, NO_ROOM)
            raise NotDelivered(HELD_BACK, NO_ROOM)
        with self._place(endpoint):
            await self._try(notice, event, endpoint, tries + 1, timeout)

    def _room(self, endpoint: Endpoint) -> bool:
        """Whether one more later try leaves room for other merchants, and for first tries."""
        here, theirs = self._under_way[endpoint.id], self._of_merchant[endpoint.merchant_id]
        return (
            here < MOST_LATER_TRIES
            and theirs < MOST_OF_A_MERCHANT
            and self._under_way.total() < MOST_LATER_IN_ALL
        )

    @contextlib.contextmanager
    def _place(self, endpoint: Endpoint) -> Iterator[None]:
        self._under_way[endpoint.id] += 1
        self._of_merchant[endpoint.merchant_id] += 1
        try:
            yield
        finally:
            self._under_way[endpoint.id] -= 1
            self._of_merchant[endpoint.merchant_id] -= 1
            # Forgets those at whom nothing is under way.
            self._under_way += Counter()
            self._of_merchant += Counter()

    async def _event(self, notice: Notice) -> PublicEvent:
        event = await self._events.event(notice.escrow_id, notice.sequence)
        if event is None:
            raise NotDelivered("the event is not stored yet")
        return event

    async def _first_try(
        self, notice: Notice, event: PublicEvent, endpoint: Endpoint, timeout: timedelta,
        silent: Collection[str],
    ) -> Notice | None:  # fmt: skip
        try:
            if endpoint.id in silent or time.monotonic() < self._resting.get(endpoint.id, 0):
                await self._missed(notice, event, 1, HELD_BACK)
            await self._try(notice, event, endpoint, 1, timeout)
        except NotDelivered as missed:
            wait = missed.wait.total_seconds() if missed.wait else notice.wait
            return replace(notice, wait=wait, reason=str(missed))
        except (EndpointGone, Parked):
            return None
        return None

    async def _try(
        self, notice: Notice, event: PublicEvent, endpoint: Endpoint, number: int,
        timeout: timedelta,
    ) -> None:  # fmt: skip
        """Try number `number`. Raises NotDelivered, Parked, EndpointGone."""
        body, now = payload(event), datetime.now(UTC)
        headers = SENT | signed_headers(event.id, body, endpoint.secrets(now), now)
        answer = await self._courier.post(endpoint.url, body, headers, timeout)
        async with self._engine.connect() as connection:
            await attempts.note(connection, notice, endpoint.url, headers, answer)
            if answer.status == GONE:
                await endpoints.disable_gone(connection, endpoint)
            if answer.delivered:
                await unheard.heard(connection, notice)
        if answer.delivered:
            self._resting.pop(endpoint.id, None)
        elif answer.status == GONE:
            await self._unheard(notice, event, number - 1, number, str(GONE), None)
            raise EndpointGone(f"{endpoint.id} answered 410")
        else:
            self._resting[endpoint.id] = time.monotonic() + REST.total_seconds()
            reason = answer.error or str(answer.status)
            await self._missed(notice, event, number, reason, answer.retry_after)

    async def _missed(
        self, notice: Notice, event: PublicEvent, number: int, reason: str,
        wish: timedelta | None = None,
    ) -> None:  # fmt: skip
        """Say when it is tried again. Always raises: NotDelivered, or Parked."""
        wait = self._schedule(number, notice)
        if wait is not None:
            wait = max(wait, wish or wait)
        await self._unheard(notice, event, number - 1, number, reason, wait)
        if wait is None:
            raise Parked(reason)
        raise NotDelivered(reason, wait)

    async def _unheard(
        self, notice: Notice, event: PublicEvent, before: int, tries: int, reason: str,
        wait: timedelta | None,
    ) -> None:  # fmt: skip
        async with self._engine.connect() as connection:
            await unheard.expect(
                connection, notice, event.id, event.type, before, tries, reason, wait
            )


def _missed(notice: Notice, how: Notice | BaseException | None) -> Notice | None:
    """What goes wrong at one endpoint, whatever it is, is that endpoint's alone to repeat."""
    if not isinstance(how, BaseException):
        return how
    log.error("a first try broke off", endpoint=notice.endpoint, exc_info=how)
    return replace(notice, reason="broke_off")


def payload(event: PublicEvent) -> bytes:
    """The bytes that are signed and sent: the same for every try of one event."""
    return json.dumps(event.body, ensure_ascii=False, separators=(",", ":")).encode()
