"""The same key, the same answer: at most one effect per (subject, Idempotency-Key) in 30 days.

A command that only writes to PostgreSQL claims, acts and answers in one transaction (`within`).
A command that goes to a workflow claims first, with a lease (`once`): if its process dies, the
next request with the key takes the claim over, and Temporal dedupes the update by its id.
Busy (503) and invalid (422) requests are not remembered.
"""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Header, Request
from sqlalchemy import (
    Boolean,
    ColumnElement,
    and_,
    case,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from api.errors import (
    IdempotencyKeyInFlight,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
)
from api.tables import Idempotency

IDEMPOTENCY_KEY = "Idempotency-Key"
KEPT = timedelta(days=30)
#: Longer than a bank may take for its page (`api/trade.py`). Taking over from somebody who is only
#: slow does no harm: the command has the same id, and the first answer stays.
LEASE = timedelta(seconds=30)
#: A create holds its key for milliseconds; whoever waits longer for its twin is told so.
TWIN_PATIENCE = "2s"
LOCK_NOT_AVAILABLE = "55P03"
#: Whether an upsert made its row: no transaction has locked or replaced it yet.
NEW: ColumnElement[bool] = literal_column("xmax = 0", Boolean)

#: Visible ASCII without quotes and backslashes, so that both forms of the header are one key.
PATTERN = r"[!#-\[\]-~]{1,255}"
_KEY = re.compile(rf'(?P<quote>"?)(?P<key>{PATTERN})(?P=quote)')


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and stored to be sent again. `body` is JSON."""

    status: int
    body: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a command whose id is `command_id`.

    `again`: somebody may have tried it before and died before the answer was stored.
    """

    command_id: str
    again: bool = True


@dataclass(frozen=True, slots=True)
class Keyed:
    """A command under its sender's key; `fingerprint` is of everything it asks for."""

    subject: str
    key: str
    fingerprint: bytes

    def command_id(self, claimed_at: datetime | None = None) -> str:
        """The same at every try of this command and for nothing else.

        A key that was forgotten and is used again was claimed at another time: it is another
        command, to a purchase that may remember the old one. 20 characters, because workflow
        histories store it.
        """
        when = claimed_at.astimezone(UTC).isoformat() if claimed_at else ""
        named = (self.subject, self.key, when)
        said = b"\n".join((*(name.encode() for name in named), self.fingerprint))
        return base64.urlsafe_b64encode(hashlib.sha256(said).digest()[:15]).decode()


def idempotency_key(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=IDEMPOTENCY_KEY,
            description="Yours, fresh for every new command; bare or quoted, at most 255 "
            "visible characters. Remembered for 30 days.",
            examples=["order-1001-create"],
        ),
    ] = None,
) -> str:
    """Raises IdempotencyKeyMissing, IdempotencyKeyInvalid."""
    if idempotency_key is None:
        raise IdempotencyKeyMissing
    match = _KEY.fullmatch(idempotency_key.strip())
    if match is None or len(request.headers.getlist(IDEMPOTENCY_KEY)) > 1:
        raise IdempotencyKeyInvalid
    return match["key"]


def fingerprint(method: str, path: str, body: str) -> bytes:
    return hashlib.sha256(f"{method} {path}\n{body}".encode()).digest()


async def within(
    connection: AsyncConnection, keyed: Keyed, act: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Claim, act and answer in the caller's transaction; a twin waits until that has ended.

    Raises IdempotencyKeyReused, IdempotencyKeyInFlight.
    """
    claimed = await _claim(connection, keyed)
    if isinstance(claimed, Answer):
        return claimed
    return await _finish(connection, keyed, await act())


async def once(
    engine: AsyncEngine, keyed: Keyed, act: Callable[[Try], Awaitable[Answer]]
) -> Answer:
    """Claim and commit, act, then commit the answer. What `act` raises is not an answer.

    Raises IdempotencyKeyReused, IdempotencyKeyInFlight.
    """
    async with engine.begin() as connection:
        claimed = await _claim(connection, keyed)
    if isinstance(claimed, Answer):
        return claimed
    answered = False
    try:
        answer = await act(claimed)
        answered = True
    finally:
        if not answered:
            await _release(engine, keyed)
    async with engine.begin() as connection:
        return await _finish(connection, keyed, answer)


async def forget(engine: AsyncEngine) -> None:
    """Delete the answers that nobody may ask for any more."""
    async with engine.begin() as connection:
        await connection.execute(delete(Idempotency).where(_forgotten()))


async def forget_secrets(
    connection: AsyncConnection, subject: str, endpoint_id: str, *, but: str = ""
) -> None:
    """Blank the signing secrets of this endpoint in the answers that told them, `but` one."""
    told = col(Idempotency.body)
    here = and_(told.contains(f'"id":"{endpoint_id}"', autoescape=True), told.contains("whsec_"))
    if but:
        here = and_(here, ~told.contains(but, autoescape=True))
    blank = func.regexp_replace(told, r'whsec_[^"]*', "", "g")
    mine = update(Idempotency).where(col(Idempotency.subject) == subject, here)
    await connection.execute(mine.values(body=blank))


async def _claim(connection: AsyncConnection, keyed: Keyed) -> Answer | Try:
    """The answer that this key got, or a try of our own."""
    row = insert(Idempotency).values(
        subject=keyed.subject,
        key=keyed.key,
        request_hash=keyed.fingerprint,
        leased_until=func.now() + literal(LEASE),
    )
    abandoned = and_(
        col(Idempotency.leased_until) < func.now(),
        col(Idempotency.request_hash) == keyed.fingerprint,
    )
    claim = row.on_conflict_do_update(
        index_elements=[col(Idempotency.subject), col(Idempotency.key)],
        set_={
            "request_hash": row.excluded.request_hash,
            "leased_until": row.excluded.leased_until,
            "status": None,
            "body": None,
            "created_at": case((_forgotten(), func.now()), else_=col(Idempotency.created_at)),
        },
        where=or_(_forgotten(), abandoned),
    ).returning(NEW.label("new"), col(Idempotency.created_at))
    await connection.execute(text(f"set local lock_timeout = '{TWIN_PATIENCE}'"))
    try:
        claimed = (await connection.execute(claim)).one_or_none()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise IdempotencyKeyInFlight(retry_after=1) from error
    # What the command itself locks is waited for as long as everything else waits.
    await connection.execute(text("set local lock_timeout to default"))
    if claimed is None:
        return await _stored(connection, keyed)
    return Try(keyed.command_id(claimed.created_at), again=not claimed.new)


async def _stored(connection: AsyncConnection, keyed: Keyed) -> Answer:
    row = (
        await connection.execute(
            select(
                col(Idempotency.request_hash), col(Idempotency.status), col(Idempotency.body)
            ).where(_this(keyed))
        )
    ).one()
    if row.request_hash != keyed.fingerprint:
        raise IdempotencyKeyReused
    if row.status is None:
        raise IdempotencyKeyInFlight(retry_after=1)
    return Answer(row.status, row.body, replayed=True)


async def _finish(connection: AsyncConnection, keyed: Keyed, answer: Answer) -> Answer:
    """The first answer stays, also when a claim was taken over from somebody who was only slow."""
    written = await connection.execute(
        update(Idempotency)
        .where(_this(keyed), col(Idempotency.status).is_(None))
        .values(status=answer.status, body=answer.body, leased_until=None)
        .returning(col(Idempotency.key))
    )
    return answer if written.first() else await _stored(connection, keyed)


async def _release(engine: AsyncEngine, keyed: Keyed) -> None:
    """Let the next try begin at once; the fingerprint stays, as the command may be under way."""
    async with engine.begin() as connection:
        await connection.execute(
            update(Idempotency)
            .where(_this(keyed), col(Idempotency.status).is_(None))
            .values(leased_until=func.now())
        )


def _this(keyed: Keyed) -> ColumnElement[bool]:
    return and_(col(Idempotency.subject) == keyed.subject, col(Idempotency.key) == keyed.key)


def _forgotten() -> ColumnElement[bool]:
    return col(Idempotency.created_at) < func.now() - literal(KEPT)
