"""Where merchants want to be told: a few addresses each, every one with secrets of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlmodel import col
from uuid_utils import uuid7

from webhooks.addresses import LIVE, SANDBOX, Reach
from webhooks.signing import new_secret
from webhooks.tables import UnheardNotice, WebhookEndpoint

#: Every event is one request to each of them.
MOST_ENDPOINTS = 10

AT = WebhookEndpoint
MINE: list[Mapped[Any]] = [
    col(AT.id), col(AT.merchant_id), col(AT.url), col(AT.description), col(AT.events),
    col(AT.secret), col(AT.old_secret), col(AT.old_secret_until), col(AT.created_at),
    col(AT.given_at), col(AT.disabled_by),
]  # fmt: skip


class TooManyEndpoints(Exception):
    """A merchant has MOST_ENDPOINTS already."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`events` None: all types. `disabled_by` None: it is told; else `merchant` or `gone`."""

    id: str
    merchant_id: str
    url: str
    description: str
    events: list[str] | None
    secret: str = field(repr=False)
    old_secret: str | None = field(repr=False)
    old_secret_until: datetime | None
    created_at: datetime
    given_at: datetime
    disabled_by: Literal["merchant", "gone"] | None

    def secrets(self, now: datetime) -> list[str]:
        """Those that sign at this moment, the newest first."""
        if self.old_secret and self.old_secret_until and now < self.old_secret_until:
            return [self.secret, self.old_secret]
        return [self.secret]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a merchant says of an endpoint. `events` None: all types."""

    url: str
    events: Sequence[str] | None = None
    description: str = ""
    enabled: bool = True


async def add(
    connection: AsyncConnection, merchant_id: str, wanted: Wanted, *, livemode: bool
) -> Endpoint:
    """A new endpoint with its first secret, in the caller's transaction.

    Raises BadEndpoint, TooManyEndpoints.
    """
    _reach(livemode).check_url(wanted.url)
    # Two requests at the same time must not both find room for one more.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('endpoints:' || :merchant, 0))")
    await connection.execute(lock, {"merchant": merchant_id})
    if len(await of_merchant(connection, merchant_id)) >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    row = insert(AT).values(
        id=f"whe_{uuid7().hex}",
        merchant_id=merchant_id,
        secret=new_secret(),
        **_said(wanted),
        disabled_at=None if wanted.enabled else func.now(),
        disabled_by=None if wanted.enabled else "merchant",
    )
    return Endpoint(*(await connection.execute(row.returning(*MINE))).one())


async def of_merchant(connection: AsyncConnection, merchant_id: str) -> list[Endpoint]:
    """All of them, oldest first."""
    query = select(*MINE).where(col(AT.merchant_id) == merchant_id).order_by(col(AT.id))
    return [Endpoint(*row) for row in await connection.execute(query)]


async def asking(connection: AsyncConnection, merchant_id: str, kind: str) -> list[Endpoint]:
    """Those of a merchant's endpoints that are to hear events of this type."""
    wants = or_(col(AT.events).is_(None), col(AT.events).contains([kind]))
    query = select(*MINE).where(
        col(AT.merchant_id) == merchant_id, col(AT.disabled_at).is_(None), wants
    )
    return [Endpoint(*row) for row in await connection.execute(query.order_by(col(AT.id)))]


async def find(connection: AsyncConnection, endpoint_id: str) -> Endpoint | None:
    row = (await connection.execute(select(*MINE).where(col(AT.id) == endpoint_id))).one_or_none()
    return Endpoint(*row) if row else None


async def replace(
    connection: AsyncConnection, endpoint_id: str, merchant_id: str, wanted: Wanted, *,
    livemode: bool,
) -> Endpoint | None:  # fmt: skip
    """The endpoint as wanted, with the secrets that it has; None when there is no such one.

    Raises BadEndpoint.
    """
    _reach(livemode).check_url(wanted.url)
    # One that answered 410 is told again; who was told to be quiet stays so since then.
    off = {
        "disabled_at": None if wanted.enabled else func.coalesce(col(AT.disabled_at), func.now()),
        "disabled_by": None if wanted.enabled else func.coalesce(col(AT.disabled_by), "merchant"),
    }
    changed = update(AT).where(_mine(endpoint_id, merchant_id))
    values = {**_said(wanted), **off, "given_at": func.clock_timestamp()}
    found = await connection.execute(changed.values(values).returning(*MINE))
    row = found.one_or_none()
    return Endpoint(*row) if row else None


async def remove(connection: AsyncConnection, endpoint_id: str, merchant_id: str) -> bool:
    """Forget it with its secrets and with what it has not heard; False when there is none."""
    gone = delete(AT).where(_mine(endpoint_id, merchant_id)).returning(col(AT.id))
    if (await connection.execute(gone)).one_or_none() is None:
        return False
    unheard = delete(UnheardNotice).where(col(UnheardNotice.endpoint_id) == endpoint_id)
    await connection.execute(unheard)
    return True


async def rotate(
    connection: AsyncConnection, endpoint_id: str, merchant_id: str, overlap: timedelta
) -> Endpoint | None:
    """A new secret; the present one signs too for `overlap` more, one before it no longer.

    None when there is no such endpoint.
    """
    until = datetime.now(UTC) + overlap if overlap else None
    old = {"old_secret": col(AT.secret) if overlap else None, "old_secret_until": until}
    changed = update(AT).where(_mine(endpoint_id, merchant_id))
    found = await connection.execute(changed.values(secret=new_secret(), **old).returning(*MINE))
    row = found.one_or_none()
    return Endpoint(*row) if row else None


async def revoke_old_secret(
    connection: AsyncConnection, endpoint_id: str, merchant_id: str
) -> bool:
    """Only the newest secret signs from now on; False when there is no such endpoint."""
    changed = update(AT).where(_mine(endpoint_id, merchant_id))
    found = await connection.execute(
        changed.values(old_secret=None, old_secret_until=None).returning(col(AT.id))
    )
    return found.one_or_none() is not None


async def disable_gone(connection: AsyncConnection, endpoint: Endpoint) -> None:
    """Tell `endpoint` nothing any more, as it answered 410; an address given since then stays."""
    same = and_(col(AT.id) == endpoint.id, col(AT.given_at) == endpoint.given_at)
    off = {
        "disabled_at": func.coalesce(col(AT.disabled_at), func.now()),
        "disabled_by": func.coalesce(col(AT.disabled_by), "gone"),
    }
    await connection.execute(update(AT).where(same).values(off))


def _said(wanted: Wanted) -> dict[str, object]:
    events = None if wanted.events is None else list(wanted.events)
    return {"url": wanted.url, "description": wanted.description, "events": events}


def _mine(endpoint_id: str, merchant_id: str) -> ColumnElement[bool]:
    return and_(col(AT.id) == endpoint_id, col(AT.merchant_id) == merchant_id)


def _reach(livemode: bool) -> Reach:
    return LIVE if livemode else SANDBOX
