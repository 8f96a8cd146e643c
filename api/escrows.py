"""`/v1/escrows`: start a purchase, read it, and everything that either side may ask of it."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import opening, promises, purchases
from api.answers import JSON, TAGS, answer_of, etag, names, send, send_purchase
from api.auth import AReader, ASeller, EitherReader
from api.commands import (
    ACommand,
    APurchase,
    ARefund,
    answer_once,
    may,
    obey,
    payment_page,
    standing,
    tell,
    unmoved,
)
from api.doors import TheDoors
from api.errors import (
    InvalidCursor,
    PaymentDeclined,
    UnknownPaymentMethod,
    VersionMoved,
)
from api.fields import OrderId
from api.idempotency import Answer, Keyed, Try, fingerprint, idempotency_key
from api.methods import chosen
from api.requests import EscrowIn, ExtensionIn, Nothing, PaymentIn, RefundIn, ShipmentIn
from api.views import EscrowList, EscrowOut, PaymentOut, escrow_out
from api.waiting import until_gone
from domain import errors as rules
from domain import events
from workflows import commands

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
    return send_purchase(await opening.create(doors, merchant.merchant_id, order, keyed))


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
        data=[escrow_out(purchase, doors.links, doors.livemode) for purchase in shown],
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
        with doors.watch.place(caller.subject):
            change = doors.watch.changed(purchase.id, purchase.version, patience)
            await until_gone(request, change)
        purchase = await purchases.get(doors.engine, purchase.id)
    headers = {"ETag": etag(purchase.version), "Cache-Control": "no-store"}
    if if_none_match and names(known, purchase.version):
        return Response(status_code=304, headers=headers)
    body = escrow_out(purchase, doors.links, doors.livemode).model_dump_json()
    return Response(body, headers=headers, media_type=JSON)


@router.post(
    "/{escrow_id}/payment",
    response_description="Where the buyer pays.",
    response_model=PaymentOut,
    responses=promises.command(
        PaymentDeclined, UnknownPaymentMethod, rules.PaidAlready, rules.BankUndecided
    ),
)
async def pay(asked: ACommand, choice: PaymentIn) -> Response:
    """The buyer chose how to pay: the answer is the bank's own page."""
    method = chosen(choice.bank, choice.method)

    async def act(this: Try) -> Answer:
        await unmoved(asked, commands.Pay(method.bank, method.method), this)
        url = await payment_page(asked.doors, asked.purchase, method, asked.by, this)
        return answer_of(200, PaymentOut(redirect_url=url))

    return send(await answer_once(asked, choice, act))


@router.post(
    "/{escrow_id}/shipment",
    response_description="The purchase, shipped.",
    response_model=EscrowOut,
    responses=promises.command() | {202: {"model": EscrowOut, "description": "Being deducted."}},
)
async def ship(asked: ACommand, shipment: ShipmentIn) -> Response:
    """The merchant has sent the goods.

    202 in freeze mode: the bank is asked to deduct, and `payment.state` tells what became of it.
    """
    event = events.Shipped(carrier=shipment.carrier, tracking=shipment.tracking, by=asked.by)
    return await obey(asked, shipment, event, commands.Ship(shipment.carrier, shipment.tracking))


@router.post(
    "/{escrow_id}/receipt",
    status_code=202,
    response_description="Heard: the purchase shows it in a moment.",
    response_model=EscrowOut,
    responses=promises.command(rules.NothingHeld),
)
async def confirm_receipt(asked: ACommand, nothing: Nothing | None = None) -> Response:
    """The buyer has the goods and is content: everything held is released to the merchant."""
    event = events.ReceiptConfirmed(by=asked.by)

    async def act(this: Try) -> Answer:
        if asked.moved and may(asked.purchase, event):
            raise VersionMoved(f"it is at version {asked.purchase.version}")
        await tell(
            asked.doors,
            asked.purchase,
            event,
            commands.Confirm(this.command_id),
        )
        return await standing(asked.doors, asked.purchase.id, 202)

    return send_purchase(await answer_once(asked, nothing or Nothing(), act))


@router.post(
    "/{escrow_id}/extension",
    response_description="The purchase with its new deadline.",
    response_model=EscrowOut,
    responses=promises.command(rules.NothingHeld, rules.ExtendedAlready, rules.ExtensionTooLong),
)
async def extend(asked: ACommand, longer: ExtensionIn) -> Response:
    """More time to inspect: the buyer once by three days, the merchant up to thirty in total."""
    event = events.InspectionExtended(extension=longer.extension, by=asked.by)
    return await obey(asked, longer, event, commands.Extend(asked.by, longer.extension))


@router.post(
    "/{escrow_id}/cancellation",
    response_description="The purchase, closed.",
    response_model=EscrowOut,
    responses=promises.command(rules.PaidAlready, rules.BankUndecided),
)
async def cancel(asked: ACommand, nothing: Nothing | None = None) -> Response:
    """Either side gives up an unpaid purchase; a payment under way is closed at the bank first."""
    event = events.Cancelled(by=asked.by)
    return await obey(asked, nothing or Nothing(), event, commands.Cancel(asked.by))


@router.post(
    "/{escrow_id}/refunds",
    response_description="The purchase after the refund.",
    response_model=EscrowOut,
    responses=promises.command(rules.AmountExceedsHeld, rules.WholeAmountOnly),
)
async def refund(asked: ARefund, back: RefundIn) -> Response:
    """The merchant gives money back. `returning` is what the bank has not confirmed yet."""
    event = events.RefundGranted(amount=back.amount, by=asked.by)
    return await obey(asked, back, event, commands.Refund(back.amount))
