"""The way in: a link by e-mail that works once, for a while, and only if it is the newest.

A row is the link and, until it has left, the mail that brings it: asked for and written down in
one commit, so neither a crash nor a mail server that is away loses it. The link carries the row's
id signed, so that what the database holds opens nothing.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import ColumnElement, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from api.wallet.tables import WalletEntrance

#: How long a link opens the wallet, counted from when its mail left us.
OPENS = timedelta(minutes=15)
#: A mail that could not leave for so long is not wanted any more.
TRIED = timedelta(hours=1)
#: Whoever has taken a mail to send and says nothing for so long has died.
LEASE = timedelta(minutes=1)
#: Mails that one process sends at a time.
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """A link that has to be brought to `email`, for the `tries`-th time."""

    id: str
    email: str
    language: str
    tries: int


class EntranceLinks:
    def __init__(self, secret: str, public_url: str) -> None:
        self._signer = Signer(
            secret, salt="wallet-link", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._public_url = public_url

    def url(self, entrance_id: str) -> str:
        return f"{self._public_url}/wallet/link/{self._signer.sign(entrance_id).decode()}"

    def id_of(self, token: str) -> str | None:
        """None when it is not whole, or not ours."""
        try:
            return self._signer.unsign(token).decode("ascii")
        except (BadSignature, UnicodeError):
            return None


async def ask(engine: AsyncEngine, email: str, language: str) -> None:
    """A new link for this normalised address; one that was asked for before opens nothing more.

    The same is done for every address: whether somebody has an account there is not looked at.
    """
    new = insert(WalletEntrance).values(
        email=email,
        id=secrets.token_hex(16),
        language=language,
        tries=0,
        next_try_at=func.now(),
        ends_at=func.now() + literal(TRIED),
    )
    names = ("id", "language", "tries", "next_try_at", "ends_at")
    again = {name: new.excluded[name] for name in names} | {"asked_at": func.now()}
    async with engine.begin() as connection:
        await connection.execute(
            new.on_conflict_do_update(index_elements=[col(WalletEntrance.email)], set_=again)
        )


async def whose(engine: AsyncEngine, entrance_id: str) -> str | None:
    """The address of a link that opens; changes nothing."""
    email = select(col(WalletEntrance.email)).where(*_opening(entrance_id))
    async with engine.connect() as connection:
        found: str | None = await connection.scalar(email)
        return found


async def use(connection: AsyncConnection, entrance_id: str) -> str | None:
    """The address of a link that opened just now and never does again; None when it did not."""
    row = delete(WalletEntrance).where(*_opening(entrance_id))
    found: str | None = await connection.scalar(row.returning(col(WalletEntrance.email)))
    return found


async def take(engine: AsyncEngine) -> Sequence[Mail]:
    """Mails to send now, which nobody else takes for a while."""
    due = (
        select(col(WalletEntrance.email))
        .where(col(WalletEntrance.next_try_at) <= func.now(), _goes_on())
        .order_by(col(WalletEntrance.next_try_at))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(WalletEntrance)
        .where(col(WalletEntrance.email).in_(due))
        .values(next_try_at=func.now() + literal(LEASE), tries=WalletEntrance.tries + 1)
        .returning(*(col(getattr(WalletEntrance, name)) for name in Mail.__slots__))
    )
    async with engine.begin() as connection:
        return [Mail(*row) for row in await connection.execute(taken)]


async def left(engine: AsyncEngine, entrance_id: str) -> None:
    """Its mail has left: its time begins."""
    await _noted(engine, entrance_id, next_try_at=None, ends_at=func.now() + literal(OPENS))


async def stays(engine: AsyncEngine, entrance_id: str, wait: timedelta) -> None:
    """Its mail has not left: try again after `wait`."""
    await _noted(engine, entrance_id, next_try_at=func.now() + literal(wait))


async def returned(engine: AsyncEngine, entrance_id: str) -> None:
    """Nobody is there: its mail is not tried again."""
    await _noted(engine, entrance_id, next_try_at=None)


async def forget(engine: AsyncEngine) -> None:
    """Delete what has ended: an address of somebody who did not come is personal data."""
    async with engine.begin() as connection:
        await connection.execute(
            delete(WalletEntrance).where(col(WalletEntrance.ends_at) <= func.now())
        )


def _goes_on() -> ColumnElement[bool]:
    return col(WalletEntrance.ends_at) > func.now()


def _opening(entrance_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (col(WalletEntrance.id) == entrance_id, _goes_on())


async def _noted(engine: AsyncEngine, entrance_id: str, **said: object) -> None:
    this = col(WalletEntrance.id) == entrance_id
    async with engine.begin() as connection:
        await connection.execute(update(WalletEntrance).where(this).values(**said))
