"""What the doors answer: a purchase as merchants' programs and buyers see it."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.dispute_views import DisputeOut, dispute_out
from api.fields import Duration
from api.links import Links
from api.purchases import Purchase
from api.requests import Item
from domain.states import Stage, State
from domain.terms import Funding, HoldExpiry

PaymentState = Literal[
    "unpaid", "processing", "declined", "authorised", "capturing", "paid", "closed"
]


#: What a paid purchase looks like, for the reference.
EXAMPLE: dict[str, Any] = {
    "id": "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50",
    "order_id": "A-1001",
    "status": "awaiting_shipment",
    "progress": "awaiting_shipment",
    "amount": 12900,
    "currency": "CNY",
    "description": "A pair of walking boots",
    "items": [
        {"name": "Walking boots, size 42", "quantity": 1, "amount": 11900},
        {"name": "Delivery", "quantity": 1, "amount": 1000},
    ],
    "buyer": {"email": "buyer@example.com"},
    "terms": {
        "funding": "deduct",
        "hold_expiry": "lapse",
        "windows": {
            "payment": "PT30M",
            "shipping": "P7D",
            "inspection": "P7D",
            "answer": "P5D",
            "arbitration": "P30D",
        },
    },
    "payment": {
        "state": "paid",
        "bank": "sandbox",
        "method": "online_banking",
        "attempt": 1,
        "declined": "",
    },
    "funded": 12900,
    "held": 12900,
    "disputed": 0,
    "released": 0,
    "refunded": 0,
    "authorised": 0,
    "returning": 0,
    "deadline": "2026-11-30T10:02:11.042000Z",
    "capture_before": None,
    "dispute": None,
    "needs_review": False,
    "return_url": "https://shop.example/orders/A-1001",
    "checkout_url": "https://pay.example/pay/0193c8a1…",
    "order_url": "https://pay.example/orders/0193c8a1…",
    "version": 3,
    "livemode": False,
    "created_at": "2026-11-23T10:00:00.000000Z",
    "updated_at": "2026-11-23T10:02:11.042000Z",
}


class BuyerOut(BaseModel):
    email: str | None = Field(
        examples=["buyer@example.com"], description="Null once the buyer's data were erased."
    )


class PaymentStanding(BaseModel):
    """How the payment stands; `declined` is the bank's last no, by its code."""

    state: PaymentState
    bank: str = Field(examples=["sandbox"])
    method: str = Field(examples=["online_banking"])
    attempt: int
    declined: str = Field(examples=["insufficient_funds"])


class WindowsOut(BaseModel):
    payment: Duration
    shipping: Duration
    inspection: Duration
    answer: Duration
    arbitration: Duration


class TermsOut(BaseModel):
    """What was agreed when the purchase was created."""

    funding: Funding
    hold_expiry: HoldExpiry
    windows: WindowsOut


class EscrowOut(BaseModel):
    """One purchase. Amounts are minor units; `funded = held + disputed + released + refunded`.

    `returning` is the part of `refunded` that the bank has not confirmed yet; `deadline` is when
    the clock ends the present stage, null while it is stopped.
    """

    model_config = ConfigDict(title="Escrow", json_schema_extra={"examples": [EXAMPLE]})

    id: str = Field(examples=["esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"])
    order_id: str
    status: str = Field(
        examples=["awaiting_shipment"],
        description="awaiting_payment, awaiting_shipment, awaiting_confirmation, disputed, "
        "completed, refunded or closed.",
    )
    progress: str = Field(
        examples=["awaiting_shipment"],
        description="The same, but while it is disputed: the stage of what is not.",
    )
    amount: int
    currency: str
    description: str
    items: list[Item]
    buyer: BuyerOut
    terms: TermsOut
    payment: PaymentStanding
    funded: int
    held: int
    disputed: int
    released: int
    refunded: int
    authorised: int
    returning: int
    deadline: datetime | None
    capture_before: datetime | None
    dispute: DisputeOut | None = Field(description="Null while nothing is disputed.")
    needs_review: bool = Field(description="A person must look at it before it can go on.")
    return_url: str
    checkout_url: str = Field(
        description='The buyer\'s; "" for a key without the scope `escrows:write`.'
    )
    order_url: str
    version: int
    livemode: bool
    created_at: datetime
    updated_at: datetime


class EscrowList(BaseModel):
    """Newest first; `next_cursor` fetches the page after this one."""

    data: list[EscrowOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(examples=["esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50.xJ2k"])


class PaymentOut(BaseModel):
    """Send the buyer's browser to the bank's page."""

    redirect_url: str = Field(examples=["https://bank.example/pay/7d0c"])


def escrow_out(purchase: Purchase, links: Links, livemode: bool) -> EscrowOut:
    state, terms, checkout = purchase.escrow, purchase.escrow.terms, purchase.checkout
    return EscrowOut(
        id=terms.escrow_id,
        order_id=terms.order_id,
        status=state.status,
        progress=state.progress,
        amount=terms.amount,
        currency=terms.currency,
        description=checkout.description,
        items=[Item.model_validate(item) for item in checkout.items],
        buyer=BuyerOut(email=checkout.buyer_email),
        terms=_agreed(state),
        payment=payment_standing(state),
        **_amounts(purchase),
        deadline=_utc(state.deadline),
        capture_before=_utc(state.capture_before),
        dispute=dispute_out(purchase),
        needs_review=bool(state.review),
        return_url=checkout.return_url,
        checkout_url=links.cashier(terms),
        order_url=links.order(terms),
        version=purchase.version,
        livemode=livemode,
        created_at=purchase.created_at.astimezone(UTC),
        updated_at=purchase.updated_at.astimezone(UTC),
    )


def payment_standing(state: State) -> PaymentStanding:
    return PaymentStanding(
        state=_payment_state(state),
        bank=state.bank,
        method=state.method,
        attempt=state.attempt,
        declined=state.declined,
    )


def _payment_state(state: State) -> PaymentState:
    match state.stage:
        case Stage.AWAITING_PAYMENT:
            return "declined" if state.declined else "unpaid"
        case Stage.PAYING:
            return "processing"
        case Stage.CAPTURING:
            return "capturing"
        case _ if state.deducted:
            return "paid"
        case Stage.CLOSED:
            return "closed"
        case _:
            return "authorised"


def _agreed(state: State) -> TermsOut:
    return TermsOut.model_validate(state.terms, from_attributes=True)


def _amounts(purchase: Purchase) -> dict[str, Any]:
    amounts = purchase.escrow.amounts
    return {
        "funded": amounts.funded,
        "held": amounts.held,
        "disputed": amounts.disputed,
        "released": amounts.released,
        "refunded": amounts.refunded,
        "authorised": amounts.authorised,
        "returning": purchase.returning,
    }


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
