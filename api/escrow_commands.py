"""`/v1/escrows/{id}/…`: everything that either side asks of a purchase that is undisputed."""

from fastapi import APIRouter
from fastapi.responses import Response

from api import promises
from api.answers import answer_of, send, send_purchase
from api.commands import (
    ACommand,
    ARefund,
    answer_once,
    may,
    obey,
    payment_page,
    standing,
    tell,
    unmoved,
)
from api.errors import (
    PaymentDeclined,
    UnknownPaymentMethod,
    VersionMoved,
)
from api.idempotency import Answer, Try
from api.methods import chosen
from api.refunds import give_back
from api.requests import ExtensionIn, Nothing, PaymentIn, RefundIn, ShipmentIn
from api.views import EscrowOut, PaymentOut
from domain import errors as rules
from domain import events
from workflows import commands

router = APIRouter(
    prefix="/v1/escrows", tags=["escrows"], generate_unique_id_function=lambda route: route.name
)


@router.post(
    "/{escrow_id}/payment",
    response_description="Where the buyer pays.",
    response_model=PaymentOut,
    responses=promises.command(
        PaymentDeclined,
        UnknownPaymentMethod,
        rules.PaidAlready,
        rules.BankUndecided,
        rules.TooOften,
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
    responses=promises.command(rules.TooOften, rules.HoldExpired)
    | {202: {"model": EscrowOut, "description": "Being deducted."}},
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

    answer = await answer_once(asked, nothing or Nothing(), act)
    return send_purchase(answer, links=True)


@router.post(
    "/{escrow_id}/extension",
    response_description="The purchase with its new deadline.",
    response_model=EscrowOut,
    responses=promises.command(
        rules.NothingHeld, rules.ExtendedAlready, rules.ExtensionTooLong, rules.TooOften
    ),
)
async def extend(asked: ACommand, longer: ExtensionIn) -> Response:
    """More time to inspect: the buyer once by three days, the merchant up to thirty in total."""
    event = events.InspectionExtended(extension=longer.extension, by=asked.by)
    return await obey(asked, longer, event, commands.Extend(asked.by, longer.extension))


@router.post(
    "/{escrow_id}/cancellation",
    response_description="The purchase, closed.",
    response_model=EscrowOut,
    responses=promises.command(rules.PaidAlready, rules.BankUndecided, rules.TooOften),
)
async def cancel(asked: ACommand, nothing: Nothing | None = None) -> Response:
    """Either side gives up an unpaid purchase; a payment under way is closed at the bank first."""
    event = events.Cancelled(by=asked.by)
    return await obey(asked, nothing or Nothing(), event, commands.Cancel(asked.by))


@router.post(
    "/{escrow_id}/refunds",
    response_description="The purchase after the refund.",
    response_model=EscrowOut,
    responses=promises.command(
        rules.AmountExceedsHeld,
        rules.WholeAmountOnly,
        rules.TooOften,
        rules.AmountExceedsReleased,
        rules.DebtLimitReached,
        rules.BankUndecided,
    ),
)
async def refund(asked: ARefund, back: RefundIn) -> Response:
    """The merchant gives money back, after the release out of its own balance.

    `returning` is what the bank has not confirmed yet.
    """

    async def act(this: Try) -> Answer:
        await unmoved(asked, commands.Refund(back.amount), this)
        await give_back(asked.doors, asked.purchase, back.amount, asked.by, this)
        return await standing(asked.doors, asked.purchase.id)

    answer = await answer_once(asked, back, act)
    return send_purchase(answer, links=asked.caller.holds_links)
