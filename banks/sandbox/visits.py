"""Browsers on the payment page: a cookie, a form token, and whom the bank believes to see."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Visit:
    """`payer` is the account that signed in, "" before."""

    id: bytes
    payment: str
    form_token: str
    payer: str
    wrong_codes: int


class Visits:
    """Kept in the database, so that a restarted bank still knows its customers."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def begin(self, payment: str, payer: str = "") -> tuple[str, Visit]:
        """A new cookie for this payment; who signs in gets a new one, never keeps the old."""
        cookie = secrets.token_urlsafe(32)
        visit = Visit(_hashed(cookie), payment, secrets.token_urlsafe(32), payer, 0)
        await self._pool.execute(
            "INSERT INTO visit (id, payment, form_token, payer) VALUES ($1, $2, $3, $4)",
            visit.id,
            visit.payment,
            visit.form_token,
            visit.payer,
        )
        return cookie, visit

    async def of(self, cookie: str, payment: str) -> Visit | None:
        """The visit of this browser to this payment's page."""
        row = await self._pool.fetchrow(
            "SELECT id, payment, form_token, payer, wrong_codes FROM visit"
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
