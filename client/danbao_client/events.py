"""What merchants are told, by webhooks and in the event log: one class for each type.

    match event:
        case EscrowPaid():
            ship(event.escrow.order_id)

Events of one purchase may arrive in any order and more than once: `sequence` counts them without
gaps, and `escrow` is how the purchase stood right after.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, TypeAdapter

from danbao_client.models import Answered, AnyStatus


class Standing(Answered):
    """A purchase right after an event. Amounts are minor units of `currency`."""

    id: str
    order_id: str
    status: AnyStatus
    version: int
    amount: int
    currency: str
    funded: int
    held: int
    disputed: int
    released: int
    refunded: int
    returning: int
    deadline: datetime | None = None


class EscrowNews(Answered):
    """`detail` is the event's own facts, such as the carrier of a shipment."""

    id: str
    sequence: int
    escrow: Standing
    detail: dict[str, Any] = Field(default_factory=dict)


class Event(Answered):
    """`timestamp` is when it happened. Types that this version does not know stay an Event."""

    kind: ClassVar[str] = ""

    type: str
    timestamp: datetime
    data: Any

    @property
    def id(self) -> str:
        """`evt_…`: the same for every try of a webhook."""
        said = self.data.get("id", "") if isinstance(self.data, dict) else self.data.id
        return str(said)


class EscrowEvent(Event):
    """An event about one purchase."""

    data: EscrowNews

    @property
    def sequence(self) -> int:
        """Its number among the events of this purchase, from 1."""
        return self.data.sequence

    @property
    def escrow(self) -> Standing:
        return self.data.escrow

    @property
    def detail(self) -> dict[str, Any]:
        return self.data.detail


class EscrowCreated(EscrowEvent):
    """You started it."""

    kind = "escrow.created"


class EscrowPaid(EscrowEvent):
    """The money is held: ship."""

    kind = "escrow.paid"


class EscrowHoldEnding(EscrowEvent):
    """The bank lets go of the frozen money soon: ship before that."""

    kind = "escrow.hold_ending"


class EscrowDeducted(EscrowEvent):
    """Frozen money was deducted before the bank's hold ended; the time to ship goes on."""

    kind = "escrow.deducted"


class EscrowShipped(EscrowEvent):
    """The inspection window runs."""

    kind = "escrow.shipped"


class EscrowDelivered(EscrowEvent):
    kind = "escrow.delivered"


class EscrowReminder(EscrowEvent):
    """A deadline is near."""

    kind = "escrow.reminder"


class EscrowExtended(EscrowEvent):
    """The inspection window got longer."""

    kind = "escrow.extended"


class EscrowConfirmed(EscrowEvent):
    """The buyer has the goods."""

    kind = "escrow.confirmed"


class EscrowReleased(EscrowEvent):
    """Money is in the merchant's balance."""

    kind = "escrow.released"


class EscrowDisputed(EscrowEvent):
    """The buyer complains."""

    kind = "escrow.disputed"


class EscrowDisputeUpdated(EscrowEvent):
    """What came of the complaint."""

    kind = "escrow.dispute.updated"


class EscrowRefunded(EscrowEvent):
    """Money goes back to the buyer."""

    kind = "escrow.refunded"


class EscrowClosed(EscrowEvent):
    """Ended without a payment."""

    kind = "escrow.closed"


class EscrowCompleted(EscrowEvent):
    """Ended, where no EscrowReleased said so already."""

    kind = "escrow.completed"


class PayoutStanding(Answered):
    """A payout right after an event. `amount` in minor units of `currency`."""

    id: str
    status: str
    amount: int
    currency: str
    bank: str
    day: date
    reason: str = ""


class PayoutNews(Answered):
    id: str
    sequence: int
    payout: PayoutStanding
    detail: dict[str, Any] = Field(default_factory=dict)


class PayoutEvent(Event):
    """An event about one payment to your bank."""

    data: PayoutNews

    @property
    def sequence(self) -> int:
        """Its number among the events of this payout, from 1."""
        return self.data.sequence

    @property
    def payout(self) -> PayoutStanding:
        return self.data.payout


class PayoutSent(PayoutEvent):
    """The bank has accepted it."""

    kind = "payout.sent"


class PayoutSettled(PayoutEvent):
    """The money has arrived; it can still come back for some days."""

    kind = "payout.settled"


class PayoutFailed(PayoutEvent):
    """The bank refused it: payable again, and new bank details are needed."""

    kind = "payout.failed"


class PayoutReturned(PayoutEvent):
    """Your bank sent it back: new bank details are needed."""

    kind = "payout.returned"


TYPES: dict[str, type[Event]] = {
    kind.kind: kind for family in (EscrowEvent, PayoutEvent) for kind in family.__subclasses__()
}


def event(said: Any) -> Event:
    """The event that a JSON document tells. Raises pydantic.ValidationError."""
    if isinstance(said, Event):
        return said
    kind = said.get("type") if isinstance(said, dict) else None
    if isinstance(kind, str) and kind in TYPES:
        return TYPES[kind].model_validate(said)
    return _unknown(kind).model_validate(said)


AnyEvent = Annotated[Event, BeforeValidator(event)]
EVENT: TypeAdapter[Event] = TypeAdapter(AnyEvent)


class EventPage(Answered):
    """In the order of the log. `next_cursor` is where to go on, now or whenever there is more."""

    data: tuple[AnyEvent, ...]
    has_more: bool
    next_cursor: str | None = None


class EscrowEvents(Answered):
    """All events of one purchase so far, oldest first."""

    data: tuple[AnyEvent, ...]


def _unknown(kind: object) -> type[Event]:
    """A newer `escrow.…` is still about a purchase, a newer `payout.…` about a payout."""
    of = kind.partition(".")[0] if isinstance(kind, str) else ""
    return {"escrow": EscrowEvent, "payout": PayoutEvent}.get(of, Event)
