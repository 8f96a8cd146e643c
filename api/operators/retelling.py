"""Notices that were given up: at which endpoints, and telling one of them again as an operator.

The desk and the terminal do the same by these, and the log says who asked.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api import redelivery
from api.errors import NotFound
from api.operators import audit
from api.operators.accounts import Account
from api.operators.decisions import needs
from api.operators.roles import Role
from api.trade import Trade
from webhooks import endpoints
from webhooks.tables import UnheardNotice
from webhooks.unheard import Unheard

#: So many endpoints are listed.
MOST = 100


@dataclass(frozen=True, slots=True)
class Deaf:
    """An endpoint with `parked` notices, that are told again only if asked for, since `oldest`."""

    endpoint_id: str
    parked: int
    oldest: datetime


async def deaf(engine: AsyncEngine) -> list[Deaf]:
    """Those first that wait for longest."""
    parked_at = col(UnheardNotice.parked_at)
    oldest = func.min(parked_at)
    query = (
        select(col(UnheardNotice.endpoint_id), func.count(), oldest)
        .where(parked_at.is_not(None))
        .group_by(col(UnheardNotice.endpoint_id))
        .order_by(oldest)
        .limit(MOST)
    )
    async with engine.connect() as connection:
        rows = await connection.execute(query)
        return [Deaf(*row._mapping.values()) for row in rows]


async def tell_parked(
    engine: AsyncEngine, trade: Trade, operator: Account, endpoint_id: str
) -> tuple[list[Unheard], bool]:
    """Start to tell an endpoint what was parked for it, the oldest first; who asked is noted.

    Answers what is being told, and whether there is more. Raises MissingRole, NotFound,
    EndpointDisabled, Unavailable.
    """
    await needs(engine, operator, Role.OPERATOR, "deliver again", endpoint_id)
    async with engine.connect() as connection:
        endpoint = await endpoints.find(connection, endpoint_id)
    if endpoint is None:
        raise NotFound
    async with engine.begin() as connection:
        await audit.note(connection, operator.id, "redelivery_asked", endpoint_id)
    return await redelivery.tell_parked(engine, trade, endpoint)
