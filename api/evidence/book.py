"""Adding to the evidence of a purchase, and reading it."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel, col

from api import purchases
from api.errors import EvidenceErased, NotFound, TooMuchEvidence
from api.evidence.chain import Broken, digest_of, first_broken
from api.evidence.contents import Content, File
from api.evidence.files import Files
from api.evidence.tables import Evidence
from domain.errors import NoDisputeOpen
from domain.states import Party
from ledger.tables import Escrow

TABLE = SQLModel.metadata.tables[str(Evidence.__tablename__)]
#: Kind → how many of one party in one dispute.
MOST = {"statement": 20, "file": 10}


async def add(
    connection: AsyncConnection,
    files: Files,
    escrow_id: str,
    by: Party,
    said: Mapping[str, Content],
) -> list[Evidence]:
    """The entries of `said`, by id, about the dispute that is under way; one that is there stays.

    Files are written down before any row speaks of them. Raises NoDisputeOpen, TooMuchEvidence,
    Unavailable.
    """
    await _lock(connection, escrow_id)
    known = {one.id: one for one in await _all(connection, col(Evidence.escrow_id) == escrow_id)}
    fresh = {name: content for name, content in said.items() if name not in known}
    if fresh:
        complaint = (await purchases.read(connection, escrow_id)).complaint
        if complaint is None:
            raise NoDisputeOpen("evidence belongs to a dispute, and none is open")
        mine = (by.value, complaint.number)
        _room([one for one in known.values() if (one.by, one.dispute) == mine], fresh.values())
        for name, content in fresh.items():
            if isinstance(content, File):
                await asyncio.to_thread(files.keep, escrow_id, content.content)
            which = {"id": name, "escrow_id": escrow_id, "dispute": complaint.number}
            known[name] = await _insert(connection, which, by, content)
    return [known[name] for name in said]


async def _lock(connection: AsyncConnection, escrow_id: str) -> None:
    """Nothing moves the purchase, and nobody else adds to it, until the caller has committed."""
    # Not the patience of whoever claimed an idempotency key in this transaction.
    await connection.execute(text("set local lock_timeout to default"))
    row = select(col(Escrow.id)).where(col(Escrow.id) == escrow_id)
    await connection.execute(row.with_for_update(key_share=True))


def _room(there: Iterable[Evidence], fresh: Iterable[Content]) -> None:
    kinds, more = [one.kind for one in there], [one.kind for one in fresh]
    for kind, most in MOST.items():
        if kind in more and kinds.count(kind) + more.count(kind) > most:
            raise TooMuchEvidence(f"each side may add {most} {kind}s to a dispute")


async def _insert(
    connection: AsyncConnection, which: dict[str, Any], by: Party, content: Content
) -> Evidence:
    row = insert(TABLE).values(
        **which,
        by=by.value,
        kind=content.kind,
        text=content.text,
        filename=content.name,
        media_type=content.media_type,
        size=len(content.content),
        digest=digest_of(content.content),
    )
    return _entry((await connection.execute(row.returning(*TABLE.c))).one())


async def entries(engine: AsyncEngine, escrow_id: str) -> list[Evidence]:
    """All evidence of a purchase, oldest first."""
    async with engine.connect() as connection:
        return await _all(connection, col(Evidence.escrow_id) == escrow_id)


async def verify(engine: AsyncEngine, escrow_id: str) -> Broken | None:
    """The first entry of this purchase that is broken; None when the chain is whole."""
    return first_broken(await entries(engine, escrow_id))


async def shown(
    engine: AsyncEngine, files: Files, escrow_id: str, evidence_id: str
) -> tuple[Evidence, bytes]:
    """An entry and what was said or shown. Raises NotFound, EvidenceErased, EvidenceDamaged."""
    async with engine.connect() as connection:
        this = (col(Evidence.escrow_id) == escrow_id) & (col(Evidence.id) == evidence_id)
        found = await _all(connection, this)
    if not found:
        raise NotFound
    [entry] = found
    if entry.text is not None:
        return entry, entry.text.encode()
    if entry.filename is None:
        raise EvidenceErased("it was erased for the buyer; its digest stays in the chain")
    return entry, await asyncio.to_thread(files.read, escrow_id, entry.digest)


async def forget_words(owner: AsyncConnection, escrow_id: str) -> None:
    """The words and the names of files of this purchase, in the owner's transaction."""
    said = col(Evidence.text).is_not(None) | col(Evidence.filename).is_not(None)
    these = (col(Evidence.escrow_id) == escrow_id) & said
    await owner.execute(update(Evidence).where(these).values(text=None, filename=None))


async def _all(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Evidence]:
    rows = await connection.execute(select(*TABLE.c).where(which).order_by(col(Evidence.no)))
    return [_entry(row) for row in rows]


def _entry(row: Row[Any]) -> Evidence:
    return Evidence(**row._mapping)
