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


class HoldExpiry(StrEnum):
    """What becomes of frozen money when the bank's hold runs out before the goods are sent."""

    LAPSE = "lapse"
    DEDUCT = "deduct"


class DisputeState(StrEnum):
    """`open`: the merchant answers. `arbitration`: operators decide."""

    OPEN = "open"
    ARBITRATION = "arbitration"


class Reason(StrEnum):
    """What a buyer complains of."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    INCOMPLETE = "incomplete"
    OTHER = "other"


#: Known members, and as plain text what a newer API says.
AnyStatus = Annotated[Status | str, Field(union_mode="left_to_right")]
AnyPaymentState = Annotated[PaymentState | str, Field(union_mode="left_to_right")]
AnyDisputeState = Annotated[DisputeState | str, Field(union_mode="left_to_right")]
AnyReason = Annotated[Reason | str, Field(union_mode="left_to_right")]
AnyHoldExpiry = Annotated[HoldExpiry | str, Field(union_mode="left_to_right")]
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
    hold_expiry: AnyHoldExpiry = HoldExpiry.LAPSE
    windows: Windows


class Payment(Answered):
    """`declined` is the bank's last no, by its code."""

    state: AnyPaymentState
    bank: str
    method: str
    attempt: int
    declined: str


class Dispute(Answered):
    """What the buyer complains of; `amount` is what is disputed, the rest goes its way.

    At `deadline` the clock answers or decides, if nobody has.
    """

    id: str
    state: AnyDisputeState
    amount: int
    reason: AnyReason
    opened_at: datetime
    deadline: datetime


class Escrow(Answered):
    """One purchase: `funded = held + disputed + released + refunded` at every moment.

    `checkout_url` and `order_url` open the purchase for whoever has them: they are the buyer's,
    and stay out of `repr`; a key without `escrows:write` reads "" there. `progress` is the stage of
    what is not disputed; `deadline` is when the clock ends that stage.
    """

    id: str
    order_id: str
    status: AnyStatus
    progress: AnyStatus
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
    dispute: Dispute | None = None
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


class May(Answered):
    """The commands that each side could give now."""

    buyer: tuple[str, ...]
    merchant: tuple[str, ...]
    operator: tuple[str, ...]


class Ahead(Answered):
    """A step of the clock, and how the purchase stands after it."""

    at: datetime
    name: str
    status: AnyStatus
    held: int
    disputed: int
    released: int
    refunded: int


class Outlook(Answered):
    """Where a purchase goes from `version`. `turn` is who must act, None when it is over.

    `if_nobody_acts` is what the clock does by itself, in order.
    """

    version: int
    turn: str | None
    may: May
    if_nobody_acts: tuple[Ahead, ...]


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
    hold_expiry: HoldExpiry | str
    goods: str
    windows: NewWindows


Items = Sequence[NewItem]
