"""Where merchants want to be told."""

from dataclasses import dataclass, field
from datetime import datetime

import httpx2
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from webhooks.signing import new_secret
from webhooks.tables import WebhookEndpoint

LONGEST_URL = 2048


class BadEndpoint(ValueError):
    """Not an address that a notice may be sent to."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    merchant_id: str
    url: str
    secret: str = field(repr=False)
    since: datetime


async def set_endpoint(
    connection: AsyncConnection, merchant_id: str, url: str, *, livemode: bool
) -> str:
    """Tell `merchant_id` at `url` from now on; its new signing secret (`whsec_…`), shown once.

    In the caller's transaction. The address before it is forgotten. Raises BadEndpoint.
    """
    _check(url, livemode)
    secret = new_secret()
    values = {"url": url, "secret": secret, "created_at": func.now(), "disabled_at": None}
    statement = insert(WebhookEndpoint).values(merchant_id=merchant_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["merchant_id"], set_=values)
    )
    return secret


async def endpoint_of(connection: AsyncConnection, merchant_id: str) -> Endpoint | None:
    """None when the merchant never gave an address, or disabled it."""
    at = WebhookEndpoint
    query = select(col(at.url), col(at.secret), col(at.created_at)).where(
        col(at.merchant_id) == merchant_id, col(at.disabled_at).is_(None)
    )
    row = (await connection.execute(query)).one_or_none()
    return Endpoint(merchant_id, *row) if row else None


async def disable(connection: AsyncConnection, endpoint: Endpoint) -> None:
    """Tell `endpoint` nothing any more; an address that replaced it meanwhile stays."""
    at = WebhookEndpoint
    this_one = update(at).where(
        col(at.merchant_id) == endpoint.merchant_id, col(at.created_at) == endpoint.since
    )
    await connection.execute(this_one.values(disabled_at=func.now()))


def _check(url: str, livemode: bool) -> None:
    if len(url) > LONGEST_URL:
        raise BadEndpoint(f"a webhook address has at most {LONGEST_URL} characters")
    try:
        parts = httpx2.URL(url)
        # What a name server is asked for: no empty label, none over 63 characters.
        parts.raw_host.decode("ascii").encode("idna")
    except (httpx2.InvalidURL, UnicodeError) as broken:
        raise BadEndpoint(f"not an address: {broken}") from broken
    schemes = ("https",) if livemode else ("https", "http")
    if parts.scheme not in schemes or not parts.host:
        raise BadEndpoint(f"a webhook address is {' or '.join(schemes)}, with a host")
    if parts.port is not None and not 0 < parts.port < 65536:
        raise BadEndpoint(f"{parts.port} is no port")
    if parts.userinfo or parts.fragment:
        raise BadEndpoint("a webhook address has no user, password or fragment")
