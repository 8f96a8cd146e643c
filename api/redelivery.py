"""Telling a merchant again what happened: for the API, a console's page and the command line."""

import re

from sqlalchemy.ext.asyncio import AsyncEngine

from api.errors import EndpointDisabled, NobodyAsked, NotFound
from api.trade import Trade
from ledger.log import Log
from ledger.reading import PublicEvent
from webhooks import endpoints, unheard
from webhooks.endpoints import Endpoint
from webhooks.port import Notice
from webhooks.unheard import Unheard

_EVENT_ID, _ENDPOINT_ID = re.compile(r"evt_[0-9a-f]{32}"), re.compile(r"whe_[0-9a-f]{32}")
#: As many parked notices are told again at one request.
MOST_AT_ONCE = 100


async def event_of(engine: AsyncEngine, merchant_id: str, event_id: str) -> PublicEvent:
    """Raises NotFound, also for what belongs to somebody else."""
    event = await Log(engine).find(event_id) if _EVENT_ID.fullmatch(event_id) else None
    if event is None or event.merchant_id != merchant_id:
        raise NotFound
    return event


async def endpoint_of(engine: AsyncEngine, merchant_id: str, endpoint_id: str) -> Endpoint:
    """Raises NotFound, also for what belongs to somebody else."""
    if not _ENDPOINT_ID.fullmatch(endpoint_id):
        raise NotFound
    async with engine.connect() as connection:
        endpoint = await endpoints.find(connection, endpoint_id)
    if endpoint is None or endpoint.merchant_id != merchant_id:
        raise NotFound
    return endpoint


async def tell_again(
    engine: AsyncEngine, trade: Trade, event: PublicEvent, endpoint_id: str | None = None
) -> list[str]:
    """Start to tell `event` at once: at one endpoint, or at all who asked for its type.

    Answers their ids. Raises NotFound, EndpointDisabled, NobodyAsked, Unavailable.
    """
    if endpoint_id is None:
        async with engine.connect() as connection:
            asking = await endpoints.asking(connection, event.merchant_id, event.type)
    else:
        asking = [enabled(await endpoint_of(engine, event.merchant_id, endpoint_id))]
    if not asking:
        raise NobodyAsked
    async with engine.connect() as connection:
        missed = await unheard.of_event(connection, event.id)
    at = {one.endpoint_id: one for one in missed}
    for endpoint in asking:
        notice = Notice(event.escrow_id, event.sequence, endpoint.id)
        await _start(engine, trade, notice, at.get(endpoint.id))
    return [endpoint.id for endpoint in asking]


async def tell_parked(
    engine: AsyncEngine, trade: Trade, endpoint: Endpoint
) -> tuple[list[Unheard], bool]:
    """Start to tell `endpoint` what was parked for it, the oldest MOST_AT_ONCE at once.

    Answers them, and whether there are more. Raises EndpointDisabled, Unavailable.
    """
    enabled(endpoint)
    async with engine.connect() as connection:
        found = await unheard.of_endpoint(
            connection, endpoint.id, "", MOST_AT_ONCE + 1, parked=True
        )
    now = found[:MOST_AT_ONCE]
    for missed in now:
        notice = Notice(missed.escrow_id, missed.sequence, endpoint.id)
        await _start(engine, trade, notice, missed)
    return now, len(found) > MOST_AT_ONCE


async def _start(engine: AsyncEngine, trade: Trade, notice: Notice, missed: Unheard | None) -> None:
    """Whoever dies in between leaves something that is retried, or still parked: never neither."""
    if missed and not missed.parked_at:
        async with engine.begin() as connection:
            await unheard.begin_anew(connection, missed)
    await trade.tell_again(notice)
    if missed and missed.parked_at:
        async with engine.begin() as connection:
            await unheard.resume(connection, missed)


def enabled(endpoint: Endpoint) -> Endpoint:
    """Raises EndpointDisabled."""
    if endpoint.disabled_by:
        raise EndpointDisabled
    return endpoint
