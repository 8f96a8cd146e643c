"""Methods that payers let the bank remember, under tokens that mean nothing to anybody else."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from banks.sandbox import magic, people
from banks.sandbox.clock import now


@dataclass(frozen=True, slots=True)
class Means:
    """What a buyer pays with, as one may show it."""

    method: str
    label: str
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """`expires` is the last month in which it can pay, `2030-04`, and "" when it does not expire.

    `tries` counts payment passwords typed since the last right one.
    """

    token: str
    payer: str
    account: str
    method: str
    label: str
    expires: str
    tries: int
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**row)

    def over(self, at: datetime) -> bool:
        return self.expires != "" and self.expires < month(at)

    def shown(self) -> dict[str, str]:
        return {
            "token": self.token,
            "method": self.method,
            "label": self.label,
            "expires": self.expires,
        }


class Memory:
    """`pool` is asyncpg's. A payer is named as the merchant names it."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def of(self, payer: str) -> list[Remembered]:
        """Oldest first, also what has expired."""
        rows = await self._pool.fetch(
            "SELECT * FROM saved_method WHERE payer = $1 ORDER BY created_at, token", payer
        )
        return [Remembered.of(row) for row in rows]

    async def one(self, payer: str, token: str) -> Remembered | None:
        row = await self._pool.fetchrow(
            "SELECT * FROM saved_method WHERE payer = $1 AND token = $2", payer, token
        )
        return Remembered.of(row) if row else None

    async def forget(self, payer: str, token: str) -> None:
        """Once this is done, nothing is paid with it: a payment under way is waited for."""
        await self._pool.execute(
            "DELETE FROM saved_method WHERE payer = $1 AND token = $2", payer, token
        )

    async def count_try(self, payer: str, token: str) -> Remembered | None:
        """Counted before the password is looked at, so that many at once are no more tries."""
        row = await self._pool.fetchrow(
            "UPDATE saved_method SET tries = tries + 1"
            " WHERE payer = $1 AND token = $2 AND tries < $3 RETURNING *",
            payer,
            token,
            magic.WRONG_CODES,
        )
        return Remembered.of(row) if row else None

    async def right(self, token: str) -> None:
        """The password was: the next one starts from none."""
        await self._pool.execute("UPDATE saved_method SET tries = 0 WHERE token = $1", token)


async def held(connection: Any, payer: str, token: str) -> Remembered | None:
    """What `payer` has under `token`; it is not forgotten before the transaction ends."""
    row = await connection.fetchrow(
        "SELECT * FROM saved_method WHERE payer = $1 AND token = $2 FOR SHARE", payer, token
    )
    return Remembered.of(row) if row else None


async def refusal(connection: Any, payer: str, token: str) -> str:
    """Why `payer` can't pay with it; "" when they can, or pay otherwise (no token)."""
    if not token:
        return ""
    kept = await held(connection, payer, token)
    if kept is None:
        return "unknown_method"
    return "expired_card" if kept.over(now()) else ""


async def keep(connection: Any, payer: str, account: str, means: Means) -> None:
    """In the caller's transaction. What is kept already keeps its token."""
    await connection.execute(
        "INSERT INTO saved_method (token, payer, account, method, label, expires)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (payer, account, method)"
        " DO UPDATE SET label = excluded.label, expires = excluded.expires, tries = 0",
        f"pm_{secrets.token_urlsafe(24)}",
        payer,
        account,
        means.method,
        means.label,
        magic.LAPSED if means.expires and people.lapses(account) else means.expires,
    )


def month(at: datetime) -> str:
    return f"{at:%Y-%m}"
