"""Browsers on the payment page: a cookie, a form token, and whom the bank believes to see."""

import hashlib
import hmac
import secrets
from dataclasses import astuple, dataclass
from typing import Any

from banks.sandbox.remembered import Means

NOTHING = Means("", "")


@dataclass(frozen=True, slots=True)
class Visit:
    """`payer` is the account that signed in, "" before."""

    id: bytes
    payment: str
    form_token: str
    payer: str
    wrong_codes: int
    method: str = ""
    label: str = ""
    expires: str = ""

    @property
    def means(self) -> Means | None:
        """What may be remembered, if the buyer wants it."""
        return Means(self.method, self.label, self.expires) if self.method else None


class Visits:
    """Kept in the database, so that a restarted bank still knows its customers."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def begin(
        self, payment: str, payer: str = "", means: Means = NOTHING
    ) -> tuple[str, Visit]:
        """A new cookie for this payment; who signs in gets a new one, never keeps the old."""
        cookie = secrets.token_urlsafe(32)
        form_token = secrets.token_urlsafe(32)
        visit = Visit(_hashed(cookie), payment, form_token, payer, 0, *astuple(means))
        await self._pool.execute(
            "INSERT INTO visit (id, payment, form_token, payer, method, label, expires)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            visit.id,
            visit.payment,
            visit.form_token,
            visit.payer,
            visit.method,
            visit.label,
            visit.expires,
        )
        return cookie, visit

    async def of(self, cookie: str, payment: str) -> Visit | None:
        """The visit of this browser to this payment's page."""
        row = await self._pool.fetchrow(
            "SELECT id, payment, form_token, payer, wrong_codes, method, label, expires FROM visit"
            " WHERE id = $1 AND payment = $2",
            _hashed(cookie),
            payment,
        )
        return Visit(**row) if row else None

    async def wrong_code(self, visit: Visit) -> int:
        """How often the confirmation code was wrong by now."""
        count = await self._pool.fetchval(
            "UPDATE visit SET wrong_codes = wrong_codes + 1 WHERE id = $1 RETURNING wrong_codes",
            visit.id,
        )
        return int(count)


def sent_by_us(visit: Visit | None, form_token: str) -> bool:
    """Whether a form came from the page that we gave this very browser."""
    return visit is not None and hmac.compare_digest(visit.form_token.encode(), form_token.encode())


def _hashed(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
