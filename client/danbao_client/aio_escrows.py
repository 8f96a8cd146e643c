"""`/v1/escrows`, for asyncio."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta

from danbao_client import calls
from danbao_client.calls import LONGEST_WAIT, AsyncSender
from danbao_client.errors import StillWaiting
from danbao_client.escrows import WITHIN
from danbao_client.events import Event
from danbao_client.models import Escrow, EscrowPage, Items, NewTerms, Outlook, Status


class AsyncEscrows:
    """`/v1/escrows`. A command without `idempotency_key` gets a fresh one.

    `at_version`: only if that is still the purchase's version; else it raises VersionMoved.
    """

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def create(
        self,
        *,
        order_id: str,
        amount: int,
        currency: str,
        description: str,
        buyer_email: str,
        return_url: str,
        items: Items = (),
        terms: NewTerms | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """Start a purchase over `amount` minor units; then send the buyer to `checkout_url`."""
        return await self._send(
            calls.create_escrow(
                order_id=order_id,
                amount=amount,
                currency=currency,
                description=description,
                buyer_email=buyer_email,
                return_url=return_url,
                items=items,
                terms=terms,
                idempotency_key=idempotency_key,
            )
        )

    async def get(self, escrow_id: str) -> Escrow:
        return await self._send(calls.get_escrow(escrow_id))

    async def outlook(self, escrow_id: str) -> Outlook:
        """Whose turn it is, what each side may do now, and what happens if nobody does."""
        return await self._send(calls.outlook(escrow_id))

    async def changed(self, escrow: Escrow, *, wait: int = LONGEST_WAIT) -> Escrow | None:
        """A newer version as soon as there is one; None when `wait` seconds brought none."""
        return await self._send(calls.escrow_changed(escrow.id, escrow.version, wait))

    async def until(
        self,
        escrow_id: str,
        *statuses: Status | str,
        within: timedelta = WITHIN,
    ) -> Escrow:
        """The purchase once it has one of `statuses`, by long polls. Raises StillWaiting."""
        end = time.monotonic() + within.total_seconds()
        escrow = await self.get(escrow_id)
        while escrow.status not in statuses:
            left = int(end - time.monotonic())
            if left <= 0:
                raise StillWaiting(f"{escrow_id} is {escrow.status}, not {' or '.join(statuses)}")
            escrow = await self.changed(escrow, wait=min(left, LONGEST_WAIT)) or escrow
        return escrow

    async def page(
        self,
        *,
        status: Status | str | None = None,
        order_id: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> EscrowPage:
        """One page, newest first; `next_cursor` of it fetches the next."""
        return await self._send(
            calls.list_escrows(status=status, order_id=order_id, cursor=cursor, limit=limit)
        )

    async def list(
        self, *, status: Status | str | None = None, order_id: str | None = None, limit: int = 100
    ) -> AsyncIterator[Escrow]:
        """Every purchase, newest first, `limit` at each request."""
        page = await self.page(status=status, order_id=order_id, limit=limit)
        for escrow in page.data:
            yield escrow
        while page.has_more:
            page = await self.page(
                status=status, order_id=order_id, limit=limit, cursor=page.next_cursor
            )
            for escrow in page.data:
                yield escrow

    async def events(self, escrow_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """What happened to one purchase so far, oldest first; after event number `after`."""
        return (await self._send(calls.escrow_events(escrow_id, after))).data

    async def ship(
        self,
        escrow_id: str,
        *,
        carrier: str = "",
        tracking: str = "",
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """The goods are on their way. Frozen money is deducted now: `payment.state` tells."""
        return await self._send(
            calls.ship(
                escrow_id,
                carrier=carrier,
                tracking=tracking,
                at_version=at_version,
                idempotency_key=idempotency_key,
            )
        )

    async def extend(
        self,
        escrow_id: str,
        extension: timedelta | str,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """Give the buyer more time to inspect, thirty days in total."""
        return await self._send(
            calls.extend(
                escrow_id, extension, at_version=at_version, idempotency_key=idempotency_key
            )
        )

    async def cancel(
        self, escrow_id: str, *, at_version: int | None = None, idempotency_key: str | None = None
    ) -> Escrow:
        """Give up a purchase that is not paid."""
        return await self._send(
            calls.cancel(escrow_id, at_version=at_version, idempotency_key=idempotency_key)
        )

    async def refund(
        self,
        escrow_id: str,
        amount: int,
        *,
        at_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Escrow:
        """Give `amount` minor units back to the buyer."""
        return await self._send(
            calls.refund(escrow_id, amount, at_version=at_version, idempotency_key=idempotency_key)
        )
