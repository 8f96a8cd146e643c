"""What the rest of Danbao knows of a bank.

Four kinds of outcome, always matched explicitly: a definitive yes, `Pending`, a definitive no
(`Declined`), and unknown, which is the exception `OutcomeUnknown` and is never a failure.
Amounts are minor units. Every call carries a `reference` that was fixed before its first try:
the same reference again never moves money twice.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol

from domain.terms import Funding


@dataclass(frozen=True, slots=True)
class Redirect:
    """The bank has a payment page for the buyer at `url`."""

    url: str
    kind: Literal["redirect"] = "redirect"


@dataclass(frozen=True, slots=True)
class Closed:
    """The payment can no longer be made."""

    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True)
class AlreadyPaid:
    """Too late to close: the buyer has paid; `find` says what."""

    kind: Literal["already_paid"] = "already_paid"


@dataclass(frozen=True, slots=True)
class Frozen:
    """`amount` is held at the issuer and can be deducted until `capture_before`."""

    amount: int
    capture_before: datetime
    kind: Literal["frozen"] = "frozen"


@dataclass(frozen=True, slots=True)
class Unfrozen:
    kind: Literal["unfrozen"] = "unfrozen"


@dataclass(frozen=True, slots=True)
class Deducted:
    """`amount` is in our custody; it may be less than was asked for."""

    amount: int
    kind: Literal["deducted"] = "deducted"


@dataclass(frozen=True, slots=True)
class Refunded:
    amount: int
    kind: Literal["refunded"] = "refunded"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bank will pay; days later the statement shows it settled or returned."""

    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class Settled:
    """A remittance has arrived at the creditor's bank. It may still come back."""

    amount: int
    kind: Literal["settled"] = "settled"


@dataclass(frozen=True, slots=True)
class Returned:
    """The creditor's bank sent a remittance back; `reason` is ISO 20022's code, such as AC04."""

    amount: int
    reason: str
    kind: Literal["returned"] = "returned"


@dataclass(frozen=True, slots=True)
class Pending:
    """The bank works on it or waits for the buyer: ask again."""

    kind: Literal["pending"] = "pending"


@dataclass(frozen=True, slots=True)
class Declined:
    """A definitive no. `code` is one of the port's, see docs/reference/banks.md."""

    code: str
    message: str = ""
    kind: Literal["declined"] = "declined"


@dataclass(frozen=True, slots=True)
class Unheard:
    """The bank has never seen this reference (or does not show it yet)."""

    kind: Literal["unheard"] = "unheard"


Truth = (
    Frozen | Unfrozen | Deducted | Refunded | Accepted | Settled | Returned
    | Closed | Declined | Pending | Unheard
)  # fmt: skip
#: What becomes of a remittance.
Remitted = Accepted | Settled | Returned | Declined | Pending


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, to a bank that keeps methods for its buyers.

    `reference` is a random name that we gave the buyer at this bank. `token` is the saved method to
    pay with, "" for none. `remember` lets the bank's page offer to keep what the buyer pays with;
    whether it does is decided there, by the buyer.
    """

    reference: str
    token: str = field(default="", repr=False)
    remember: bool = False


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """What a bank keeps for a payer. `token` is the bank's name for it, never a card number.

    `label` is for people, such as `UnionPay •••• 0005`. `expires` is the last month in which it
    can pay, `2030-04`, and "" when it does not expire.
    """

    token: str = field(repr=False)
    method: str
    label: str
    expires: str = ""


class OutcomeUnknown(Exception):
    """Timeout, broken connection, 5xx: the bank may or may not have done it. Ask `find`."""


class BankRefusedOurRequest(Exception):
    """The bank says that our message is wrong (4xx): a bug or a setting, not the buyer's fault."""


class Keeper(Protocol):
    """What a bank keeps for payers. Every call raises OutcomeUnknown and BankRefusedOurRequest."""

    async def saved_methods(self, payer: str) -> tuple[SavedMethod, ...]:
        """Everything kept for the payer of this reference, oldest first, expired cards too.

        An unknown payer has nothing.
        """

    async def forget_method(self, payer: str, token: str) -> None:
        """From now on nothing is paid with it. What this payer does not have is gone already."""


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who is paid by a remittance: the holder's name and the account, as the bank wants them."""

    holder: str
    account: str = field(repr=False)


class Remitter(Protocol):
    """How a bank pays others out of our custody account. Both raise what `Bank`'s calls do."""

    async def remit(self, reference: str, to: Creditor, amount: int, currency: str) -> Remitted:
        """Pay `amount`. Days later `find` says Settled or Returned."""


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """One remittance of many; `reference` is as that of a single one, and means the same to it."""

    reference: str
    to: Creditor
    amount: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Remittances that are ordered together, the same at every try.

    `id` has 1 to 35 characters and is for this batch alone, for ever.
    """

    id: str
    currency: str
    day: date
    created_at: datetime
    orders: tuple[BatchOrder, ...]


class BatchRemitter(Protocol):
    """How a bank pays many others at once. Both raise what `Bank`'s calls do."""

    async def remit_batch(self, batch: Batch) -> dict[str, Remitted]:
        """What becomes of each, by reference; the same batch again asks again and pays nobody
        twice. What was remitted by itself before under a reference is not paid again.

        With BankRefusedOurRequest nothing of it was done.
        """

    async def find_batch(self, batch: Batch) -> dict[str, Remitted] | Unheard:
        """As far as the bank has said it. One that came back later is Settled here; `find` of its
        reference knows better.
        """


class StatementFormat(StrEnum):
    """How a statement is written (docs/reference/bank-files.md)."""

    CAMT053 = "camt.053"
    #: A zipped CSV, of accounts in yuan only.
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class StatementNotice:
    """A bank has a statement for us.

    `number` is of this notice: one more with each, in the order in which a bank shows them.
    `sequence` is of the account's statements: one that is shown twice has it twice, and one that
    comes late has a lower one than the notice before.
    """

    number: int
    account: str
    currency: str
    sequence: int
    day: date
    formats: tuple[StatementFormat, ...]


@dataclass(frozen=True, slots=True)
class StatementFile:
    name: str
    media_type: str
    data: bytes = field(repr=False)


class UnknownStatement(Exception):
    """The bank has no statement of this number, or not in this format."""


class StatementSource(Protocol):
    """What a bank says was booked on our accounts. Both raise what `Bank`'s calls do."""

    async def published(self, after: int = 0, limit: int = 100) -> tuple[StatementNotice, ...]:
        """The first notices past the number `after`, by number; none is ever added before those
        that were shown.
        """

    async def fetch(self, number: int, form: StatementFormat) -> StatementFile:
        """The same bytes each time. Raises UnknownStatement."""


class Bank(Protocol):
    """One provider. Every call raises OutcomeUnknown and BankRefusedOurRequest."""

    @property
    def keeper(self) -> Keeper | None:
        """None at a bank that keeps no methods: it is never given a `Payer`."""

    @property
    def remitter(self) -> Remitter | None:
        """None at a bank that can't pay others: merchants are never paid from there."""

    @property
    def batches(self) -> BatchRemitter | None:
        """None at a bank that takes remittances one by one only."""

    @property
    def statements(self) -> StatementSource | None:
        """None at a bank whose statements do not come by its API."""

    async def start_payment(
        self,
        reference: str,
        amount: int,
        currency: str,
        funding: Funding,
        return_url: str,
        payer: Payer | None = None,
    ) -> Redirect | Declined:
        """The bank's page; with a saved method it asks for the bank's own confirmation only.

        Declined with `unknown_method` when the payer has no such method (any more), and with
        `expired_card` when its time is over.
        """

    async def close_payment(self, reference: str) -> Closed | AlreadyPaid: ...

    async def deduct(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Deducted | Declined | Pending:
        """Take `amount` out of the freeze that the payment `of` made."""

    async def unfreeze(self, reference: str, of: str) -> Unfrozen | Declined | Pending: ...

    async def refund(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Refunded | Declined | Pending:
        """Give `amount` of the payment `of` back to the buyer."""

    async def find(self, reference: str) -> Truth:
        """What became of it? For a payment: Pending until the buyer has decided."""


class Operation(StrEnum):
    PAYMENT = "payment"
    DEDUCT = "deduct"
    UNFREEZE = "unfreeze"
    REFUND = "refund"
    REMIT = "remit"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that a bank is told to do, the same at every try.

    `reference` is `{escrow}:{operation}:{n}`; `of` is the payment it goes back to. Of a
    remittance `escrow_id` is the payout's, and `to` who is paid.
    """

    bank: str
    operation: Operation
    reference: str
    escrow_id: str
    merchant_id: str
    amount: int
    currency: str
    of: str = ""
    funding: Funding = Funding.DEDUCT
    #: Who pays, if the buyer has an account with us and wants a method used or kept.
    payer: Payer | None = None
    to: Creditor | None = None


class Begun(StrEnum):
    """Whether this order may have left us before: decides whether to ask before sending."""

    NOW = "now"
    BEFORE = "before"
    #: Longer ago than the bank remembers our references (24 h): never sent again blind.
    LONG_AGO = "long_ago"


class OrderChanged(Exception):
    """The same reference was used for a different order: a bug of ours, nothing was sent."""


class Operations(Protocol):
    """Our memory of what a bank was told (`bank_operation` rows)."""

    async def begin(self, order: Order) -> Begun:
        """Commit the intent before the first byte leaves. Raises OrderChanged."""

    async def finish(self, order: Order, answer: Truth | Redirect | AlreadyPaid) -> None:
        """Commit what the bank answered; the first definitive answer stays."""
