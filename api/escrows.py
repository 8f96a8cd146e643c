"""`/v1/escrows`: start a purchase, and read it."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import opening, promises, purchases
from api.answers import JSON, NO_LINKS, TAGS, etag, names, send_purchase
from api.auth import AReader, ASeller, Caller, EitherReader
from api.commands import (
    APurchase,
)
from api.doors import Doors, TheDoors
from api.errors import (
    InvalidCursor,
)
from api.fields import OrderId
from api.idempotency import Keyed, fingerprint, idempotency_key
from api.purchases import Purchase
from api.requests import EscrowIn
from api.views import EscrowList, EscrowOut, escrow_out
from api.waiting import until_gone

#: Proxies and clients commonly give up after 30 s of silence.
LONGEST_WAIT = 25

router = APIRouter(
    prefix="/v1/escrows", tags=["escrows"], generate_unique_id_function=lambda route: route.name
)


class Listing(BaseModel):
    """Which purchases; newest first."""

    model_config = ConfigDict(extra="forbid")

    status: (
        Literal[
            "awaiting_payment",
            "awaiting_shipment",
            "awaiting_confirmation",
            "disputed",
            "completed",
            "refunded",
            "closed",
        ]
        | None
    ) = None
    order_id: OrderId | None = None
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before, unchanged."
    )
    limit: int = Field(20, ge=1, le=100)


@router.post(
    "",
    status_code=201,
    response_description="The new purchase, or the one that this key got before.",
    response_model=EscrowOut,
    responses=promises.CREATE,
)
async def create_escrow(
    request: Request,
    doors: TheDoors,
    merchant: ASeller,
    key: Annotated[str, Depends(idempotency_key)],
    order: EscrowIn,
) -> Response:
    """Start a purchase; then send the buyer to its `checkout_url`."""
    said = fingerprint("POST", request.url.path, order.model_dump_json(exclude_unset=True))
    keyed = Keyed(merchant.subject, key, said)
    answer = await opening.create(doors, merchant.merchant_id, order, keyed)
    return send_purchase(answer, links=True)


@router.get(
    "",
    response_description="One page of them.",
    response_model=EscrowList,
    responses=promises.LIST | promises.problems(InvalidCursor),
)
async def list_escrows(
    doors: TheDoors, merchant: AReader, listing: Annotated[Listing, Query()]
) -> Response:
    """A merchant's purchases, newest first, a page at a time."""
    here = ("escrows", merchant.merchant_id)
    before = doors.cursors.last(*here, listing.cursor) if listing.cursor is not None else None
    found = await purchases.page(
        doors.engine,
        merchant.merchant_id,
        status=listing.status,
        order_id=listing.order_id,
        before=before,
        limit=listing.limit + 1,
    )
    shown = found[: listing.limit]
    more = len(found) > listing.limit
    page = EscrowList(
        data=[_seen_by(merchant, doors, purchase) for purchase in shown],
        has_more=more,
        next_cursor=doors.cursors.after(*here, shown[-1].id) if more else None,
    )
    return Response(page.model_dump_json(), media_type=JSON)


@router.get(
    "/{escrow_id}",
    response_description="The purchase, and its version as `ETag`.",
    response_model=EscrowOut,
    responses=promises.WAIT | {304: {"description": "Still that version."}},
)
async def get_escrow(
    request: Request,
    doors: TheDoors,
    caller: EitherReader,
    purchase: APurchase,
    wait: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for a change.")
    ] = 0,
    if_none_match: Annotated[
        str | None,
        Header(
            pattern=TAGS,
            max_length=200,
            description="The `ETag` you have: wait until it is another.",
            examples=['"3"'],
        ),
    ] = None,
) -> Response:
    """One purchase. With `wait`, answers as soon as it changes, at the latest after so long.

    Answers at once when nothing can change any more. Whoever sends `If-None-Match` gets 304 while
    that is still the present version.
    """
    known = if_none_match or etag(purchase.version)
    # `*` names every version: there is none to wait for.
    if wait and names(known, purchase.version) and known != "*" and not purchase.settled:
        patience = timedelta(seconds=wait)
        with doors.watch.place(caller.subject, purchase.merchant_id):
            change = doors.watch.changed(purchase.id, purchase.version, patience)
            await until_gone(request, change)
        purchase = await purchases.get(doors.engine, purchase.id)
    headers = {"ETag": etag(purchase.version), "Cache-Control": "no-store"}
    if if_none_match and names(known, purchase.version):
        return Response(status_code=304, headers=headers)
    body = _seen_by(caller, doors, purchase).model_dump_json()
    return Response(body, headers=headers, media_type=JSON)


def _seen_by(caller: Caller, doors: Doors, purchase: Purchase) -> EscrowOut:
    said = escrow_out(purchase, doors.links, doors.livemode)
    return said if caller.holds_links else said.model_copy(update=NO_LINKS)
