"""Rows of the bank as the rest of it reads them, and what is shown of them to the merchant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

#: What the merchant reads about why not.
REASONS = {
    "insufficient_funds": "There is not enough money in the account.",
    "expired_card": "The card has expired.",
    "limit_exceeded": "The amount is above the account's limit.",
    "risk": "The bank has stopped this payment for safety.",
    "cancelled": "The payment was cancelled.",
    "unknown_method": "This saved way to pay is not kept any more.",
    "authentication_failed": "The confirmation code or payment password was wrong too often.",
    "closed": "The payment was closed before it was started.",
    "expired": "The freeze has expired; the money is back with the payer.",
    "not_frozen": "Nothing is frozen for this payment.",
    "deducted_already": "The frozen money has been deducted.",
    "exceeds_freeze": "More than what is frozen.",
    "nothing_taken": "Nothing was taken with this payment.",
    "exceeds_payment": "More than what was taken with this payment.",
    "account_closed": "The payer's account is closed.",
    "no_such_account": "There is no such account at the other bank.",
    "insufficient_custody": "The custody account does not have as much.",
    "rejected": "The other bank refuses it.",
    "issuer_refused": "The payer's bank refuses.",
}


@dataclass(frozen=True, slots=True)
class Payment:
    token: str
    reference: str
    funding: str
    amount: int
    currency: str
    return_url: str
    state: str
    pageless: bool
    code: str
    payer: str
    frozen: int
    taken: int
    refunded: int
    capture_before: datetime | None
    expires_at: datetime | None
    settles_at: datetime | None
    closed_at: datetime | None
    still_payable: bool
    known_from: datetime
    shown_from: datetime
    created_at: datetime
    #: The merchant's name for who pays, the saved method to pay with, and whether to offer to keep.
    buyer: str
    saved: str
    remember: bool

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**row)

    @property
    def payable(self) -> bool:
        return self.state == "open" or (self.state == "closed" and self.still_payable)

    def shown(self, at: datetime) -> dict[str, Any] | None:
        """What `find` says at that time; None while the reference is unknown to it."""
        if at < self.known_from:
            return None
        said = {"reference": self.reference, "kind": "payment", "currency": self.currency}
        if at < self.shown_from:
            return {**said, "status": "closed" if self.closed_at else "open"}
        match self:
            case Payment(state="frozen", capture_before=datetime() as until):
                held = {"status": "frozen", "amount": self.frozen}
                return {**said, **held, "capture_before": until.isoformat()}
            case Payment(state="deducted"):
                return {**said, "status": "deducted", "amount": self.taken}
            case Payment(state="declined"):
                return {**said, **declined(self.code)}
            case Payment(state="expired"):
                return {**said, **declined("expired")}
            case Payment(state="processing", closed_at=datetime()):
                return {**said, "status": "closed"}
        return {**said, "status": self.state}


@dataclass(frozen=True, slots=True)
class Errand:
    """`amount` is what was asked for, `moved` what was done."""

    id: int
    reference: str
    kind: str
    payment: str
    amount: int
    state: str
    moved: int
    code: str
    due_at: datetime | None
    known_from: datetime
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**row)

    def shown(self) -> dict[str, Any]:
        """The bank's answer about it."""
        said = {"reference": self.reference, "kind": self.kind}
        match self.state:
            case "declined":
                return {**said, **declined(self.code)}
            case "pending":
                return {**said, "status": "pending"}
        past = {"deduct": "deducted", "refund": "refunded", "unfreeze": "unfrozen"}[self.kind]
        return {**said, "status": past, "amount": self.moved}


def declined(code: str) -> dict[str, str]:
    return {"status": "declined", "code": code, "message": REASONS.get(code, "Declined.")}
