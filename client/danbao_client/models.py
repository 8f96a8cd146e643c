"""What the API answers, typed. Amounts are integer minor units, times are aware datetimes.

New fields are kept and do no harm; a new status or state arrives as plain text.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    """Where a purchase is; the last three are its ends."""

    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_SHIPMENT = "awaiting_shipment"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    DISPUTED = "disputed"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    CLOSED = "closed"


class PaymentState(StrEnum):
    UNPAID = "unpaid"
    PROCESSING = "processing"
    DECLINED = "declined"
    AUTHORISED = "authorised"
    CAPTURING = "capturing"
    PAID = "paid"
    CLOSED = "closed"


class Funding(StrEnum):
    """How the bank secures the money: taken at once, or frozen there until shipment."""

    DEDUCT = "deduct"
    FREEZE = "freeze"


#: Known members, and as plain text what a newer API says.
AnyStatus = Annotated[Status | str, Field(union_mode="left_to_right")]
AnyPaymentState = Annotated[PaymentState | str, Field(union_mode="left_to_right")]
AnyFunding = Annotated[Funding | str, Field(union_mode="left_to_right")]


class Answered(BaseModel):
    """Base of all answers: immutable, and open for fields that this version does not know."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())


class Item(Answered):
    """One line of an order; `amount` is for the whole line."""

    name: str
    quantity: int = 1
    amount: int


class Buyer(Answered):
    """`email` is None once the buyer's data were erased."""

    email: str | None = Field(repr=False)


class Windows(Answered):
    """How long each side has."""

    payment: timedelta
    shipping: timedelta
    inspection: timedelta
    answer: timedelta
    arbitration: timedelta


class Terms(Answered):
    """What was agreed when the purchase was created."""

    funding: AnyFunding
    windows: Windows


class Payment(Answered):
    """`declined` is the bank's last no, by its code."""

    state: AnyPaymentState
    bank: str
    method: str
    attempt: int
    declined: str


class Escrow(Answered):
    """One purchase: `funded = held + disputed + released + refunded` at every moment.

    `checkout_url` and `order_url` open the purchase for whoever has them: they are the buyer's,
    and stay out of `repr`. `deadline` is when the clock ends the present stage.
    """

    id: str
    order_id: str
    status: AnyStatus
    amount: int
    currency: str
    description: str
    items: tuple[Item, ...]
    buyer: Buyer
    terms: Terms
    payment: Payment
    funded: int
    held: int
    disputed: int
    released: int
    refunded: int
    authorised: int
    returning: int
    deadline: datetime | None = None
    capture_before: datetime | None = None
    needs_review: bool
    return_url: str
    checkout_url: str = Field(repr=False)
    order_url: str = Field(repr=False)
    version: int
    livemode: bool
    created_at: datetime
    updated_at: datetime

    @property
    def ended(self) -> bool:
        return self.status in (Status.COMPLETED, Status.REFUNDED, Status.CLOSED)


class EscrowPage(Answered):
    """Newest first; `next_cursor` fetches the page after this one."""

    data: tuple[Escrow, ...]
    has_more: bool
    next_cursor: str | None = None


class NewItem(TypedDict, total=False):
    """A line of an order to be created: `name` and `amount`, and `quantity` unless it is 1."""

    name: str
    quantity: int
    amount: int


class NewWindows(TypedDict, total=False):
    """Windows that differ from the defaults; an ISO 8601 text will do too."""

    payment: timedelta | str
    shipping: timedelta | str
    inspection: timedelta | str
    answer: timedelta | str
    arbitration: timedelta | str


class NewTerms(TypedDict, total=False):
    """`goods` is goods, digital or service, and decides the default inspection window."""

    funding: Funding | str
    goods: str
    windows: NewWindows


Items = Sequence[NewItem]
