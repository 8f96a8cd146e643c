"""What the doors say to a running purchase: arguments and answers of its updates and signals.

Updates may be refused: an ApplicationError whose `type` is the refusal's `code`
(domain/errors.py). Signals are facts.
"""

from dataclasses import dataclass
from datetime import timedelta

from banks.port import Payer
from domain.states import Party, Reason


@dataclass(frozen=True, slots=True)
class Pay:
    """The buyer chose `method` at `bank`; `payer` if a method is to be used or kept there."""

    bank: str
    method: str
    payer: Payer | None = None


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Send the buyer to `redirect_url`; "" when the bank declined at once (`declined` says why)."""

    redirect_url: str = ""
    declined: str = ""


@dataclass(frozen=True, slots=True)
class Ship:
    carrier: str = ""
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    by: Party


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` minor units; in freeze mode before the deduction only the whole."""

    amount: int


@dataclass(frozen=True, slots=True)
class Extend:
    by: Party
    extension: timedelta


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """The buyer reports a problem with `amount` minor units of the purchase."""

    amount: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class WithdrawDispute:
    """The buyer gives it up."""


@dataclass(frozen=True, slots=True)
class AnswerDispute:
    """The merchant gives the disputed money back, or contests and operators decide."""

    contest: bool


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """Operators divide what is disputed in the `dispute`-th dispute of this purchase."""

    dispute: int
    refund: int
    release: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the purchase is after an accepted command; the row is at least this far."""

    status: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """The buyer has the goods. A `command_id` seen before changes nothing."""

    command_id: str


@dataclass(frozen=True, slots=True)
class BankReport:
    """A bank said that something happened to `reference`; we ask it what."""

    reference: str


@dataclass(frozen=True, slots=True)
class RowMoved:
    """The row is at `version`, and the workflow seems to know only what was before."""

    version: int
