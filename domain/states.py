"""Stages, parties, and the state of one purchase as plain data."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.accounts import Accounts
from domain.amounts import Amounts
from domain.terms import Terms


class Stage(StrEnum):
    """Progress: the stage of the undisputed money."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAYING = "paying"
    AWAITING_SHIPMENT = "awaiting_shipment"
    CAPTURING = "capturing"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    CLOSED = "closed"


ENDED = frozenset({Stage.COMPLETED, Stage.REFUNDED, Stage.CLOSED})
LIVE = frozenset(Stage) - ENDED


class Dispute(StrEnum):
    """Runs beside progress, one at a time."""

    NONE = "none"
    OPEN = "open"
    ARBITRATION = "arbitration"


class Reason(StrEnum):
    """What a buyer reports when it disputes."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    INCOMPLETE = "incomplete"
    OTHER = "other"


class Party(StrEnum):
    BUYER = "buyer"
    MERCHANT = "merchant"
    OPERATOR = "operator"
    BANK = "bank"
    CLOCK = "clock"


#: What merchants and buyers see of the stages that only concern us and a bank.
PUBLIC = {
    Stage.PAYING: Stage.AWAITING_PAYMENT,
    Stage.CAPTURING: Stage.AWAITING_SHIPMENT,
}


#: A bank does not answer: asked on, but a person should know. Its answer ends the review.
BANK_SILENT = "bank_silent"


class Early(StrEnum):
    """Whether frozen money was, or is being, deducted before the goods are sent. Tried once."""

    NO = "no"
    UNDER_WAY = "under_way"
    TRIED = "tried"


class Way(StrEnum):
    """How money goes back: a refund of what was deducted, or a freeze given back."""

    REFUND = "refund"
    UNFREEZE = "unfreeze"


@dataclass(frozen=True, slots=True)
class Return:
    """Money on its way back to the buyer until the bank has answered definitively.

    `reference` names it at the bank, `of` the payment it undoes.
    """

    way: Way
    reference: str
    of: str
    amount: int


@dataclass(frozen=True, slots=True)
class State:
    """One purchase. `sequence` counts its transitions, `told` its public events."""

    terms: Terms
    stage: Stage = Stage.AWAITING_PAYMENT
    amounts: Amounts = field(default_factory=Amounts)
    sequence: int = 1
    told: int = 1

    bank: str = ""
    method: str = ""
    attempt: int = 0
    captures: int = 0
    capture_before: datetime | None = None
    #: The merchant need not hear (again) that the hold runs out.
    hold_noted: bool = False
    early: Early = Early.NO
    #: Why the bank last said no.
    declined: str = ""

    #: When the clock ends this stage; None while it is stopped.
    deadline: datetime | None = None
    #: What is left on a stopped clock.
    remaining: timedelta | None = None
    #: The clock ran out, or the buyer confirmed, while some money was disputed.
    over: bool = False
    #: No reminder is due for any moment up to this one.
    noted: datetime | None = None
    buyer_extended: bool = False
    extended: timedelta = timedelta(0)
    extensions: int = 0

    dispute: Dispute = Dispute.NONE
    disputes: int = 0
    dispute_deadline: datetime | None = None

    returned: int = 0
    returns: tuple[Return, ...] = ()
    #: Why a person must look at this purchase; "" when nobody must.
    review: str = ""

    @property
    def ended(self) -> bool:
        return self.stage in ENDED

    @property
    def settled(self) -> bool:
        """Ended, and every way out has its definitive answer from the bank."""
        return self.ended and not self.returns

    @property
    def status(self) -> str:
        """The public label."""
        return "disputed" if self.dispute is not Dispute.NONE else self.progress

    @property
    def progress(self) -> str:
        """The public stage of the undisputed money."""
        return PUBLIC.get(self.stage, self.stage).value

    @property
    def payment(self) -> str:
        """The reference of the current payment attempt."""
        return payment_reference(self.terms.escrow_id, self.attempt)

    @property
    def capture(self) -> str:
        """The reference of the current deduction out of the freeze."""
        return f"{self.terms.escrow_id}:deduct:{self.captures}"

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.terms.escrow_id, self.terms.merchant_id, self.bank)

    @property
    def deducted(self) -> bool:
        return self.amounts.funded > 0

    @property
    def frozen_only(self) -> bool:
        """The money is at the issuer, on hold for us, not with us.

        What the bank did decides, not what it was asked for: a bank that took the money at once
        is never told to deduct it again, and one that froze it is never taken to have paid.
        """
        return self.amounts.authorised > 0


def payment_reference(escrow_id: str, attempt: int) -> str:
    return f"{escrow_id}:payment:{attempt}"


def after_sale_reference(escrow_id: str, number: int) -> str:
    """What a bank knows the `number`-th refund after the release by."""
    return f"{escrow_id}:after_sale:{number}"
