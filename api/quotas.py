"""How much one key, one buyer's link or one address may ask, and the headers that tell.

`RateLimit-Policy` and `RateLimit` are the structured fields of the IETF's draft "RateLimit header
fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
"""

import ipaddress
import math
import time
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy import Interval, bindparam, case, delete, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col

from api.errors import TooManyRequests
from api.middleware import add_headers
from api.tables import RateWindow
from runtime.settings import Settings

#: Windows that one process remembers; beyond that it forgets those that are over.
REMEMBERED = 10_000
#: Mails to one mailbox: few enough to bear, and each of them may have been lost.
MAILS = RateLimitItemPerMinute(5, multiples=15, namespace="mailbox")
#: Providers give a household a /64; who has one has all its addresses.
NEIGHBOURS = 64


def _count() -> ReturningInsert[int, timedelta]:
    """One more of `key` in its `window`; a window that is over begins anew.

    Built once: it is said at every request.
    """
    row = insert(RateWindow).values(
        key=bindparam("key"),
        hits=bindparam("hits"),
        ends_at=func.clock_timestamp() + bindparam("window", type_=Interval),
    )
    over = col(RateWindow.ends_at) <= func.clock_timestamp()
    return row.on_conflict_do_update(
        index_elements=[col(RateWindow.key)],
        set_={
            "hits": case((over, row.excluded.hits), else_=RateWindow.hits + row.excluded.hits),
            "ends_at": case((over, row.excluded.ends_at), else_=col(RateWindow.ends_at)),
        },
    ).returning(
        col(RateWindow.hits), (col(RateWindow.ends_at) - func.clock_timestamp()).label("left")
    )


COUNT = _count()


class Windows(Storage):
    """The windows' counts, in PostgreSQL so that all processes count together.

    The table is not logged and its commits wait for no disk: a crash forgets counts, nothing else.
    What PostgreSQL said is remembered here, so that telling how much is left, and refusing those
    who have nothing left, costs no query.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__()
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        #: key → (hits, end of the window on our own clock)
        self._heard: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """How often `key` was counted in its window, this time included."""
        async with self._engine.connect() as connection:
            counted = {"key": key, "hits": amount, "window": timedelta(seconds=expiry)}
            said = (await connection.execute(COUNT, counted)).one()
        self._remember(key, said.hits, said.left.total_seconds())
        return int(said.hits)

    async def get(self, key: str) -> int:
        hits, end = self._heard.get(key, (0, 0.0))
        return hits if end > time.time() else 0

    async def get_expiry(self, key: str) -> float:
        _, end = self._heard.get(key, (0, 0.0))
        return max(end, time.time())

    async def check(self) -> bool:
        async with self._engine.connect() as connection:
            await connection.execute(delete(RateWindow).where(literal(False)))
        return True

    async def reset(self) -> int:
        self._heard.clear()
        async with self._engine.connect() as connection:
            return (await connection.execute(delete(RateWindow))).rowcount

    async def clear(self, key: str) -> None:
        self._heard.pop(key, None)
        async with self._engine.connect() as connection:
            await connection.execute(delete(RateWindow).where(col(RateWindow.key) == key))

    async def forget(self) -> None:
        """Delete the windows that are over: an address is personal data."""
        async with self._engine.connect() as connection:
            over = col(RateWindow.ends_at) <= func.clock_timestamp()
            await connection.execute(delete(RateWindow).where(over))

    def _remember(self, key: str, hits: int, left: float) -> None:
        now = time.time()
        if len(self._heard) >= REMEMBERED:
            self._heard = {of: heard for of, heard in self._heard.items() if heard[1] > now}
        self._heard[key] = (hits, now + left)


@dataclass(frozen=True, slots=True)
class Quota:
    """`name` is public: it stands in the headers."""

    name: str
    item: RateLimitItem

    def headers(self, remaining: int, seconds: int) -> dict[str, str]:
        """`seconds` until the whole quota is there again."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.item.amount};w={self.item.get_expiry()}',
            "RateLimit": f'"{self.name}";r={remaining};t={seconds}',
        }


class Quotas:
    """Whose quota is spent when; made once for a process."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._windows = Windows(engine)
        self._limiter = FixedWindowRateLimiter(self._windows)
        self._key = _per_minute("key", settings.key_requests_per_minute)
        self._link = _per_minute("link", settings.link_requests_per_minute)
        self._failures = _per_minute("failures", settings.failures_per_minute)
        self._asker = _per_minute("mails", settings.mails_per_minute)
        self._mailbox = Quota("mailbox", MAILS)

    async def of_key(self, request: Request, key_id: str) -> None:
        """Raises TooManyRequests."""
        await self._spend(request, self._key, key_id)

    async def of_link(self, request: Request, escrow_id: str) -> None:
        """Raises TooManyRequests."""
        await self._spend(request, self._link, escrow_id)

    async def of_stranger(self, request: Request) -> None:
        """Somebody was not let in; whoever is, never pays for what a neighbour tried.

        Raises TooManyRequests.
        """
        await self._spend(request, self._failures, neighbourhood(request))

    async def of_asker(self, request: Request) -> None:
        """Somebody wants a mail to be sent. Raises TooManyRequests."""
        await self._spend(request, self._asker, neighbourhood(request))

    async def of_mailbox(self, request: Request, digest: str) -> None:
        """Whoever asks for it, a mailbox is not flooded. Raises TooManyRequests."""
        await self._spend(request, self._mailbox, digest)

    async def forget(self) -> None:
        await self._windows.forget()

    async def _spend(self, request: Request, quota: Quota, who: str) -> None:
        limiter, item = self._limiter, quota.item
        allowed = await limiter.test(item, who) and await limiter.hit(item, who)
        standing = await limiter.get_window_stats(item, who)
        seconds = max(1, math.ceil(standing.reset_time - time.time()))
        add_headers(request.scope, quota.headers(standing.remaining, seconds))
        if not allowed:
            raise TooManyRequests(
                f"at most {item.amount} in {item.get_expiry()} seconds", retry_after=seconds
            )


def neighbourhood(request: Request) -> str:
    """The address that a request comes from; of IPv6 the network that one customer has.

    Behind a proxy the server tells us what the proxy says (`FORWARDED_ALLOW_IPS`).
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    # Behind a socket for both kinds every IPv4 address comes as `::ffff:…`.
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, NEIGHBOURS), strict=False))


def _per_minute(name: str, amount: int) -> Quota:
    return Quota(name, RateLimitItemPerMinute(amount, namespace=name))
