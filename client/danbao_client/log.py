"""`/v1/events`, to wait for and for asyncio: everything that webhooks tell, to be read again."""

from collections.abc import AsyncIterator, Iterator, Sequence

from danbao_client import calls, hook_calls
from danbao_client.calls import AsyncSender, Sender
from danbao_client.events import Event, EventPage
from danbao_client.hooks import DeliveryPage, Redelivery


class Events:
    """A merchant's events in the order in which they became final, which never changes."""

    def __init__(self, danbao: Sender) -> None:
        self._send = danbao.send

    def get(self, event_id: str) -> Event:
        """One event, by its id, which is also its `webhook-id`."""
        return self._send(calls.get_event(event_id))

    def page(
        self, *, after: str | None = None, types: Sequence[str] = (), limit: int = 100
    ) -> EventPage:
        """One page, oldest first; `next_cursor` of it is `after` for the next."""
        return self._send(calls.list_events(after=after, types=types, limit=limit))

    def list(self, *, after: str | None = None, types: Sequence[str] = ()) -> Iterator[Event]:
        """Every event up to now. Keep the last one's id: `after` it nothing is ever missed."""
        page = self.page(after=after, types=types)
        yield from page.data
        while page.has_more:
            page = self.page(after=page.next_cursor, types=types)
            yield from page.data

    def deliveries(
        self, event_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> DeliveryPage:
        """How telling it went, newest first: what was sent, answered, and is still unheard."""
        return self._send(hook_calls.list_deliveries(event_id, cursor=cursor, limit=limit))

    def redeliver(
        self, event_id: str, *, endpoint_id: str | None = None, idempotency_key: str | None = None
    ) -> Redelivery:
        """Tell it again, to one endpoint or to all that ask for it."""
        return self._send(
            hook_calls.redeliver_event(event_id, endpoint_id, idempotency_key=idempotency_key)
        )


class AsyncEvents:
    """A merchant's events in the order in which they became final, which never changes."""

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def get(self, event_id: str) -> Event:
        """One event, by its id, which is also its `webhook-id`."""
        return await self._send(calls.get_event(event_id))

    async def page(
        self, *, after: str | None = None, types: Sequence[str] = (), limit: int = 100
    ) -> EventPage:
        """One page, oldest first; `next_cursor` of it is `after` for the next."""
        return await self._send(calls.list_events(after=after, types=types, limit=limit))

    async def list(
        self, *, after: str | None = None, types: Sequence[str] = ()
    ) -> AsyncIterator[Event]:
        """Every event up to now. Keep the last one's id: `after` it nothing is ever missed."""
        page = await self.page(after=after, types=types)
        for event in page.data:
            yield event
        while page.has_more:
            page = await self.page(after=page.next_cursor, types=types)
            for event in page.data:
                yield event

    async def deliveries(
        self, event_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> DeliveryPage:
        """How telling it went, newest first: what was sent, answered, and is still unheard."""
        return await self._send(hook_calls.list_deliveries(event_id, cursor=cursor, limit=limit))

    async def redeliver(
        self, event_id: str, *, endpoint_id: str | None = None, idempotency_key: str | None = None
    ) -> Redelivery:
        """Tell it again, to one endpoint or to all that ask for it."""
        return await self._send(
            hook_calls.redeliver_event(event_id, endpoint_id, idempotency_key=idempotency_key)
        )
