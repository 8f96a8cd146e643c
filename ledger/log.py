"""The event log: every public event of a merchant, in an order that never changes behind a reader.

Numbers from a sequence are not handed out in the order of commits: who has read up to 10 would
never see a 9 that commits later. So the order is (transaction, position), and a page shows only
what lies below the oldest transaction still running. Everything below it is final: nothing can
appear there any more, and whatever commits later comes after it.

The place where a reader goes on is an event, never that bound itself: an event that was seen is
on disk, so that a server that crashed counts on above it. It may hand out again the number of a
transaction of which nothing was written.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, cast, func, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.columns import Xid8
from ledger.reading import PublicEvent
from ledger.statements import EVENT


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in the order of the log; `more` are there now.

    `last` is where to go on: the id of the last event that was looked at, be it of another type
    than wanted; None while there is none.
    """

    events: list[PublicEvent]
    more: bool
    last: str | None


class Log:
    def __init__(self, engine: AsyncEngine) -> None:
        # Each question is one statement, which sees one snapshot: no transaction around it.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def page(
        self, merchant_id: str, after: str | None, limit: int, types: Collection[str] = ()
    ) -> Page | None:
        """At most `limit` events after the event `after`; None when the merchant has no such one.

        No `types` are all types.
        """
        place = await self._place(merchant_id, after) if after else ("0", 0)
        if place is None:
            return None
        rows = await self._all(_page(merchant_id, place, limit + 1, types))
        events = [_event(row) for row in rows if row.id is not None]
        if len(events) > limit:
            return Page(events[:limit], more=True, last=events[limit - 1].id)
        return Page(events, more=False, last=rows[0].newest or after)

    async def find(self, event_id: str) -> PublicEvent | None:
        """The event with this id, whosever it is."""
        found = await self._all(select(EVENT).where(EVENT.c.id == event_id))
        return _event(found[0]) if found else None

    async def of_purchase(self, escrow_id: str, after: int = 0) -> list[PublicEvent]:
        """A purchase's events after number `after`: one commits after the other, without gaps."""
        later = select(EVENT).where(EVENT.c.escrow_id == escrow_id, EVENT.c.sequence > after)
        return [_event(row) for row in await self._all(later.order_by(EVENT.c.sequence))]

    async def _place(self, merchant_id: str, event_id: str) -> tuple[str, int] | None:
        of_this = (EVENT.c.id == event_id) & (EVENT.c.merchant_id == merchant_id)
        query = select(cast(EVENT.c.xid, Text).label("xid"), EVENT.c.position).where(of_this)
        for row in await self._all(query):
            return row.xid, row.position
        return None

    async def _all(self, query: Any) -> Any:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()


def _page(
    merchant_id: str, place: tuple[str, int], limit: int, types: Collection[str]
) -> Select[Any]:
    """The events, each with the id of the merchant's newest one; a row of only that, if none."""
    bound = select(func.pg_snapshot_xmin(func.pg_current_snapshot()).label("xid")).subquery("bound")
    order = (EVENT.c.xid, EVENT.c.position)
    final = (
        select(*EVENT.c)
        .where(EVENT.c.merchant_id == merchant_id, EVENT.c.xid < bound.c.xid)
        .where(tuple_(*order) > tuple_(cast(literal(place[0]), Xid8), literal(place[1])))
    )
    wanted = final.where(EVENT.c.type.in_(types)) if types else final
    page = wanted.order_by(*order).limit(limit).lateral("page")
    newest = final.order_by(*(by.desc() for by in order)).limit(1).lateral("newest")
    both = bound.outerjoin(newest, true()).outerjoin(page, true())
    shown = select(*page.c, newest.c.id.label("newest")).select_from(both)
    return shown.order_by(page.c.xid, page.c.position)


def _event(row: Any) -> PublicEvent:
    return PublicEvent(
        row.id, row.escrow_id, row.merchant_id, row.sequence, row.type, row.body, row.at
    )
