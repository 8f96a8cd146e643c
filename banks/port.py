"""What the rest of Danbao knows of a bank.

Four kinds of outcome, always matched explicitly: a definitive yes, `Pending`, a definitive no
(`Declined`), and unknown, which is the exception `OutcomeUnknown` and is never a failure.
Amounts are minor units. Every call carries a `reference` that was fixed before its first try:
the same reference again never moves money twice.
"""

from dataclasses import dataclass
from datetime import datetime
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


Truth = Frozen | Unfrozen | Deducted | Refunded | Accepted | Closed | Declined | Pending | Unheard


class OutcomeUnknown(Exception):
    """Timeout, broken connection, 5xx: the bank may or may not have done it. Ask `find`."""


class BankRefusedOurRequest(Exception):
    """The bank says that our message is wrong (4xx): a bug or a setting, not the buyer's fault."""


class Bank(Protocol):
    """One provider. Every call raises OutcomeUnknown and BankRefusedOurRequest."""

    async def start_payment(
        self, reference: str, amount: int, currency: str, funding: Funding, return_url: str
    ) -> Redirect | Declined: ...

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


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that a bank is told to do, the same at every try.

    `reference` is `{escrow}:{operation}:{n}`; `of` is the payment it goes back to.
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
