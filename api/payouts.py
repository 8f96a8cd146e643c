"""`/v1/balance`, `/v1/payouts`, `/v1/statements`: a merchant's money on its way to its bank."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api import promises
from api.answers import JSON
from api.auth import APayee, Caller
from api.cursors import Page
from api.doors import Doors, TheDoors
from api.errors import InvalidCursor, NotFound
from api.payout_views import (
    PAYOUT,
    BalanceList,
    LineList,
    PayoutList,
    PayoutOut,
    State,
    StatementOut,
    balance_out,
    line_out,
    payout_out,
    statement_out,
)
from clearing import reading
from clearing.reading import Line, PayoutSeen

router = APIRouter(
    prefix="/v1", tags=["money"], generate_unique_id_function=lambda route: route.name
)

PayoutId = Annotated[str, Path(examples=[PAYOUT])]
_PAYOUT_ID = re.compile(r"pay_[0-9a-f]{32}")
_LINES = promises.LIST | promises.problems(InvalidCursor)
#: Lines after a place, one more than the page has.
Read = Callable[[AsyncConnection, str | None, int], Awaitable[list[Line]]]


class Payouts(Page):
    """Which payouts."""

    status: State | None = None


class Day(Page):
    """Which currency of the day."""

    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217, upper case.")


@router.get(
    "/balance",
    response_description="One balance for each currency.",
    response_model=BalanceList,
    responses=promises.LIST,
)
async def read_balance(doors: TheDoors, merchant: APayee) -> Response:
    """What stands to you: released, kept back, owed, on its way."""
    async with doors.engine.connect() as connection:
        found = await reading.balances(connection, merchant.merchant_id)
    return _json(BalanceList(data=[balance_out(one) for one in found]))


@router.get(
    "/payouts",
    response_description="One page of them.",
    response_model=PayoutList,
    responses=promises.LIST | promises.problems(InvalidCursor),
)
async def list_payouts(
    doors: TheDoors, merchant: APayee, page: Annotated[Payouts, Query()]
) -> Response:
    """Payments to your bank, newest first."""
    here = ("payouts", merchant.merchant_id)
    before = doors.cursors.last(*here, page.cursor) if page.cursor is not None else None
    async with doors.engine.connect() as connection:
        found = await reading.payouts(
            connection, merchant.merchant_id, page.status, before, page.limit + 1
        )
    shown, more = found[: page.limit], len(found) > page.limit
    return _json(
        PayoutList(
            data=[payout_out(one) for one in shown],
            has_more=more,
            next_cursor=doors.cursors.after(*here, shown[-1].id) if more else None,
        )
    )


@router.get(
    "/payouts/{payout_id}",
    response_description="The payout.",
    response_model=PayoutOut,
    responses=promises.LIST | promises.problems(NotFound),
)
async def get_payout(payout_id: PayoutId, doors: TheDoors, merchant: APayee) -> Response:
    """One payment to your bank."""
    return _json(payout_out(await _payout(doors, merchant, payout_id)))


@router.get(
    "/payouts/{payout_id}/lines",
    response_description="One page of what it pays.",
    response_model=LineList,
    responses=_LINES | promises.problems(NotFound, InvalidCursor),
)
async def list_payout_lines(
    payout_id: PayoutId, doors: TheDoors, merchant: APayee, page: Annotated[Page, Query()]
) -> Response:
    """What a payout pays, leg by leg: their sum is its amount."""
    payout = await _payout(doors, merchant, payout_id)

    async def read(connection: AsyncConnection, after: str | None, most: int) -> list[Line]:
        return await reading.lines(connection, payout.id, after, most)

    return _json(await _page(doors, merchant, f"lines of {payout.id}", page, read))


@router.get(
    "/statements/{day}",
    response_description="One page of the day's legs, and the day's two balances.",
    response_model=StatementOut,
    responses=_LINES,
)
async def read_statement(
    day: Annotated[date, Path(examples=["2026-11-23"])],
    doors: TheDoors,
    merchant: APayee,
    page: Annotated[Day, Query()],
) -> Response:
    """One UTC day of your balance: what stood to you, everything that moved, what stands to you."""
    merchant_id, currency = merchant.merchant_id, page.currency

    async def read(connection: AsyncConnection, after: str | None, most: int) -> list[Line]:
        return await reading.days_lines(connection, merchant_id, currency, day, after, most)

    lines = await _page(doors, merchant, f"statement {day} {currency}", page, read)
    async with doors.engine.connect() as connection:
        said = await reading.day(connection, merchant_id, currency, day)
    return _json(statement_out(said, lines))


async def _payout(doors: Doors, merchant: Caller, payout_id: str) -> PayoutSeen:
    """Raises NotFound, also for what belongs to somebody else."""
    if not _PAYOUT_ID.fullmatch(payout_id):
        raise NotFound
    async with doors.engine.connect() as connection:
        found = await reading.payout(connection, merchant.merchant_id, payout_id)
    if found is None:
        raise NotFound
    return found


async def _page(doors: Doors, merchant: Caller, listing: str, page: Page, read: Read) -> LineList:
    here = (listing, merchant.merchant_id)
    after = doors.cursors.last(*here, page.cursor) if page.cursor is not None else None
    async with doors.engine.connect() as connection:
        found = await read(connection, after, page.limit + 1)
    shown, more = found[: page.limit], len(found) > page.limit
    return LineList(
        data=[line_out(one) for one in shown],
        has_more=more,
        next_cursor=doors.cursors.after(*here, shown[-1].place) if more else None,
    )


def _json(said: BaseModel) -> Response:
    return Response(said.model_dump_json(), media_type=JSON)
