"""Registering where a merchant wants to be told."""

from urllib.parse import urlsplit

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from webhooks.signing import new_secret
from webhooks.tables import WebhookEndpoint


class BadEndpoint(ValueError):
    """Not an address that a notice may be sent to."""


async def set_endpoint(
    connection: AsyncConnection, merchant_id: str, url: str, *, livemode: bool
) -> str:
    """Tell `merchant_id` at `url` from now on; its new signing secret (`whsec_…`), shown once.

    In the caller's transaction. Raises BadEndpoint.
    """
    _check(url, livemode)
    secret = new_secret()
    values = {"url": url, "secret": secret, "created_at": func.now(), "disabled_at": None}
    statement = insert(WebhookEndpoint).values(merchant_id=merchant_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["merchant_id"], set_=values)
    )
    return secret


def _check(url: str, livemode: bool) -> None:
    parts = urlsplit(url)
    schemes = ("https",) if livemode else ("https", "http")
    if parts.scheme not in schemes or not parts.hostname:
        raise BadEndpoint(f"a webhook address is {' or '.join(schemes)}, with a host")
    if parts.username or parts.password or parts.fragment:
        raise BadEndpoint("a webhook address has no user, password or fragment")
