"""What can happen to a purchase, past tense. `name` is stored and public; `by` is who did it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from domain.states import Party, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: ClassVar[str]
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStarted(Event):
    """The buyer chose `method` at `bank`; a new attempt with its own number begins."""

    name = "payment_started"
    bank: str
    method: str
    by: Party = Party.BUYER


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(Event):
    """The whole price was deducted, or frozen until `capture_before`."""

    name = "payment_succeeded"
    attempt: int
    amount: int
    capture_before: datetime | None = None
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(Event):
    name = "payment_declined"
    attempt: int
    code: str
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMismatched(Event):
    """The bank took another amount than the price: it goes straight back."""

    name = "payment_mismatched"
    attempt: int
    amount: int
    frozen: bool = False
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    name = "cancelled"
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLapsed(Event):
    name = "payment_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped(Event):
    name = "shipped"
    carrier: str = ""
    tracking: str = ""
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured(Event):
    """Freeze mode: the bank deducted the whole price out of the freeze, at the `capture`-th try.

    0 is what was stored before tries had their numbers: the one under way.
    """

    name = "captured"
    capture: int = 0
    amount: int
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRefused(Event):
    name = "capture_refused"
    capture: int = 0
    code: str
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureMismatched(Event):
    """Freeze mode: the bank deducted another amount; the freeze is gone, the money goes back."""

    name = "capture_mismatched"
    capture: int = 0
    amount: int
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentLapsed(Event):
    name = "shipment_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnding(Event):
    """Freeze mode: the merchant hears that the issuer lets go at `of`, before it has to ship."""

    name = "hold_ending"
    of: datetime
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyDeduction(Event):
    """Freeze mode: the hold runs out, and by the terms the money is deducted before it does."""

    name = "early_deduction"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLapsed(Event):
    """The issuer has let go: at the time it had promised, or earlier, as a bank then says."""

    name = "hold_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Event):
    name = "delivered"
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptConfirmed(Event):
    name = "receipt_confirmed"
    by: Party = Party.BUYER


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionLapsed(Event):
    name = "inspection_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionExtended(Event):
    name = "inspection_extended"
    extension: timedelta
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundGranted(Event):
    name = "refund_granted"
    amount: int
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedAfterRelease(Event):
    """The `number`-th refund of money that was the merchant's already.

    Of `amount`, `payable` and `reserve` come out of what stands to the merchant, `fee_back` is our
    fee given back, and the rest is what it owes us from now on.
    """

    name = "refunded_after_release"
    number: int
    amount: int
    payable: int = 0
    reserve: int = 0
    fee_back: int = 0
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSucceeded(Event):
    """The bank gave the buyer the money of the return `reference`."""

    name = "return_succeeded"
    reference: str
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRefused(Event):
    """The bank will not give it back: a person must find another way."""

    name = "return_refused"
    reference: str
    code: str
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNeeded(Event):
    """Nothing moves by itself any more until a person has looked."""

    name = "review_needed"
    reason: str
    by: Party = Party.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened(Event):
    name = "dispute_opened"
    amount: int
    reason: Reason
    by: Party = Party.BUYER


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWithdrawn(Event):
    name = "dispute_withdrawn"
    by: Party = Party.BUYER


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeAccepted(Event):
    name = "dispute_accepted"
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeContested(Event):
    name = "dispute_contested"
    by: Party = Party.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLapsed(Event):
    name = "answer_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(Event):
    """Operators divide exactly what is disputed, the `dispute`-th time."""

    name = "dispute_resolved"
    dispute: int
    refund: int
    release: int
    by: Party = Party.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationLapsed(Event):
    name = "arbitration_lapsed"
    by: Party = Party.CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Event):
    """Both sides hear that a deadline comes near."""

    name = "reminded"
    of: datetime
    by: Party = Party.CLOCK
