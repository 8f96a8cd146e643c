"""What the doors take: bodies of requests, complete and strict."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from api.fields import Amount, Currency, Duration, Email, Line, Note, OrderId, WebAddress
from domain.states import Reason
from domain.terms import BUYERS_EXTENSION, INSPECTION, WINDOWS, Funding, Goods, HoldExpiry, Windows


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(Body):
    """One line of the order; `amount` is for the whole line."""

    name: Line
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 1
    amount: Annotated[StrictInt, Field(ge=0, le=10**12, description="Minor units.")]


class Buyer(Body):
    email: Email = Field(examples=["buyer@example.com"])


class WindowsIn(Body):
    """How long each side has; a window left out has its default."""

    payment: Duration | None = None
    shipping: Duration | None = None
    inspection: Duration | None = None
    answer: Duration | None = None
    arbitration: Duration | None = None


class TermsIn(Body):
    """`goods` decides the default inspection window: goods 10 days, digital 3, service 1.

    `hold_expiry` is for `freeze`: what becomes of the money when the bank's hold runs out before
    you ship. `lapse`: the bank lets go, the purchase closes. `deduct`: it is deducted a day before.
    """

    funding: Funding = Funding.DEDUCT
    hold_expiry: HoldExpiry = HoldExpiry.LAPSE
    goods: Goods = Goods.GOODS
    windows: WindowsIn = WindowsIn()

    def pinned(self) -> Windows:
        """Every window in full. Raises WindowOutOfRange."""
        pinned = {name: default for name, (default, _, _) in WINDOWS.items()}
        pinned["inspection"] = INSPECTION[self.goods]
        asked = ((name, getattr(self.windows, name)) for name in WINDOWS)
        return Windows(**pinned | {name: window for name, window in asked if window is not None})


class EscrowIn(Body):
    """An order that a buyer is going to pay through us."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "order_id": "A-1001",
                    "amount": 12900,
                    "currency": "CNY",
                    "description": "A pair of walking boots",
                    "items": [
                        {"name": "Walking boots, size 42", "quantity": 1, "amount": 11900},
                        {"name": "Delivery", "amount": 1000},
                    ],
                    "buyer": {"email": "buyer@example.com"},
                    "terms": {"funding": "deduct", "windows": {"inspection": "P7D"}},
                    "return_url": "https://shop.example/orders/A-1001",
                }
            ]
        }
    )

    order_id: OrderId = Field(examples=["A-1001"])
    amount: Amount
    currency: Currency
    description: Line
    items: list[Item] = Field([], max_length=50)
    buyer: Buyer
    terms: TermsIn = TermsIn()
    return_url: WebAddress = Field(description="Where the buyer goes back to the shop.")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """A buyer must never see lines that add up to another total."""
        if self.items and sum(item.amount for item in self.items) != self.amount:
            raise ValueError("the items must add up to the amount")
        return self


class ShipmentIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"carrier": "SF Express", "tracking": "SF1234567890"}]}
    )

    carrier: Note = ""
    tracking: Note = ""


class RefundIn(Body):
    """`amount` goes back to the buyer: up to `held`, after the release up to `released`; before a
    frozen payment is deducted only the whole.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": 1000}]})

    amount: Amount


class ExtensionIn(Body):
    """How much longer the buyer may inspect; a buyer's own extension is three days."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"extension": "P3D"}]})

    extension: Duration = BUYERS_EXTENSION


class DisputeIn(Body):
    """The buyer disputes `amount` minor units, all that is held or a part of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 4000, "reason": "damaged"}]}
    )

    amount: Amount
    reason: Reason


class AnswerIn(Body):
    """`accept`: the disputed money goes back to the buyer. `contest`: operators decide."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "contest"}]})

    answer: Literal["accept", "contest"]


class PaymentIn(Body):
    """Which bank the buyer chose, and how to pay there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"bank": "sandbox", "method": "online_banking"}]}
    )

    bank: Note = Field(examples=["sandbox"])
    method: Note = Field(examples=["online_banking"])


class Nothing(Body):
    """An empty object; the address says it all. The body may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})
