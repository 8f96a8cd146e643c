"""`/v1/webhook_endpoints`, to wait for and for asyncio: where a merchant is told."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

from danbao_client import hook_calls
from danbao_client.calls import AsyncSender, Sender
from danbao_client.hooks import (
    ParkedRedelivery,
    Unheard,
    UnheardPage,
    WebhookEndpoint,
    WebhookEndpointWithSecret,
)

#: How long the secret before signs too, when nobody says otherwise.
OVERLAP = timedelta(days=1)


class WebhookEndpoints:
    """At most ten for each merchant, each with secrets of its own."""

    def __init__(self, danbao: Sender) -> None:
        self._send = danbao.send

    def create(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str = "",
        enabled: bool = True,
        idempotency_key: str | None = None,
    ) -> WebhookEndpointWithSecret:
        """Be told at `url` as well, of every type of event or of `events`. Keep the `secret`."""
        return self._send(
            hook_calls.create_endpoint(
                url,
                events=events,
                description=description,
                enabled=enabled,
                idempotency_key=idempotency_key,
            )
        )

    def list(self) -> tuple[WebhookEndpoint, ...]:
        """All of them, oldest first."""
        return (self._send(hook_calls.list_endpoints())).data

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        return self._send(hook_calls.get_endpoint(endpoint_id))

    def replace(
        self,
        endpoint_id: str,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str = "",
        enabled: bool = True,
    ) -> WebhookEndpoint:
        """Everything about it but its secrets, anew; one that was switched off is on again."""
        return self._send(
            hook_calls.replace_endpoint(
                endpoint_id, url, events=events, description=description, enabled=enabled
            )
        )

    def delete(self, endpoint_id: str) -> None:
        """Tell it nothing any more."""
        self._send(hook_calls.delete_endpoint(endpoint_id))

    def rotate(
        self,
        endpoint_id: str,
        *,
        overlap: timedelta | str = OVERLAP,
        idempotency_key: str | None = None,
    ) -> WebhookEndpointWithSecret:
        """A new secret; for `overlap`, at most a week, the one before signs as well."""
        return self._send(
            hook_calls.rotate_secret(endpoint_id, overlap, idempotency_key=idempotency_key)
        )

    def revoke_old_secret(self, endpoint_id: str) -> None:
        """End the overlap now."""
        self._send(hook_calls.revoke_old_secret(endpoint_id))

    def unheard(self, endpoint_id: str, *, state: str | None = None) -> Iterator[Unheard]:
        """What it has not heard, oldest first; `state` is retrying or parked."""
        page = self.unheard_page(endpoint_id, state=state)
        yield from page.data
        while page.has_more:
            page = self.unheard_page(endpoint_id, state=state, cursor=page.next_cursor)
            yield from page.data

    def unheard_page(
        self,
        endpoint_id: str,
        *,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> UnheardPage:
        """One page of what it has not heard."""
        return self._send(
            hook_calls.list_unheard(endpoint_id, state=state, cursor=cursor, limit=limit)
        )

    def redeliver_parked(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> ParkedRedelivery:
        """Tell it again what was parked, the oldest first; `has_more`: ask again."""
        return self._send(hook_calls.redeliver_parked(endpoint_id, idempotency_key=idempotency_key))


class AsyncWebhookEndpoints:
    """At most ten for each merchant, each with secrets of its own."""

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def create(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str = "",
        enabled: bool = True,
        idempotency_key: str | None = None,
    ) -> WebhookEndpointWithSecret:
        """Be told at `url` as well, of every type of event or of `events`. Keep the `secret`."""
        return await self._send(
            hook_calls.create_endpoint(
                url,
                events=events,
                description=description,
                enabled=enabled,
                idempotency_key=idempotency_key,
            )
        )

    async def list(self) -> tuple[WebhookEndpoint, ...]:
        """All of them, oldest first."""
        return (await self._send(hook_calls.list_endpoints())).data

    async def get(self, endpoint_id: str) -> WebhookEndpoint:
        return await self._send(hook_calls.get_endpoint(endpoint_id))

    async def replace(
        self,
        endpoint_id: str,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str = "",
        enabled: bool = True,
    ) -> WebhookEndpoint:
        """Everything about it but its secrets, anew; one that was switched off is on again."""
        return await self._send(
            hook_calls.replace_endpoint(
                endpoint_id, url, events=events, description=description, enabled=enabled
            )
        )

    async def delete(self, endpoint_id: str) -> None:
        """Tell it nothing any more."""
        await self._send(hook_calls.delete_endpoint(endpoint_id))

    async def rotate(
        self,
        endpoint_id: str,
        *,
        overlap: timedelta | str = OVERLAP,
        idempotency_key: str | None = None,
    ) -> WebhookEndpointWithSecret:
        """A new secret; for `overlap`, at most a week, the one before signs as well."""
        return await self._send(
            hook_calls.rotate_secret(endpoint_id, overlap, idempotency_key=idempotency_key)
        )

    async def revoke_old_secret(self, endpoint_id: str) -> None:
        """End the overlap now."""
        await self._send(hook_calls.revoke_old_secret(endpoint_id))

    async def unheard(
        self, endpoint_id: str, *, state: str | None = None
    ) -> AsyncIterator[Unheard]:
        """What it has not heard, oldest first; `state` is retrying or parked."""
        page = await self.unheard_page(endpoint_id, state=state)
        for each in page.data:
            yield each
        while page.has_more:
            page = await self.unheard_page(endpoint_id, state=state, cursor=page.next_cursor)
            for each in page.data:
                yield each

    async def unheard_page(
        self,
        endpoint_id: str,
        *,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> UnheardPage:
        """One page of what it has not heard."""
        return await self._send(
            hook_calls.list_unheard(endpoint_id, state=state, cursor=cursor, limit=limit)
        )

    async def redeliver_parked(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> ParkedRedelivery:
        """Tell it again what was parked, the oldest first; `has_more`: ask again."""
        return await self._send(
            hook_calls.redeliver_parked(endpoint_id, idempotency_key=idempotency_key)
        )
