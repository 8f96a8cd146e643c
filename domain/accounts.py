"""The chart of accounts, and the legs that move money between them.

A journal is a tuple of legs; one leg moves a positive amount from a debit to a credit account of
one currency, so debits equal credits by construction.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Guard(StrEnum):
    """How the database protects an account's balance (docs/concepts/ledger.md)."""

    NONE = "N"
    CREDIT = "C"
    DEBIT = "D"
    SUMMED = "S"


class Code(IntEnum):
    """The chart of accounts."""

    BANK_CASH = 1010
    BANK_CLEARING = 1100
    MERCHANT_RECEIVABLE = 1300
    ESCROW = 2100
    ESCROW_DISPUTED = 2110
    MERCHANT_PAYABLE = 2200
    MERCHANT_RESERVE = 2210
    PAYOUT_IN_TRANSIT = 2300
    REFUND_IN_TRANSIT = 2310
    SUSPENSE = 2900
    FEE = 4100
    BANK_FEE = 5100
    CHARGEBACK_LOSS = 5200
    ISSUER_HOLD = 9100
    HOLD = 9200


#: code → (name, kind, guard)
CHART: dict[Code, tuple[str, str, Guard]] = {
    Code.BANK_CASH: ("bank_cash", "asset", Guard.NONE),
    Code.BANK_CLEARING: ("bank_clearing", "asset", Guard.NONE),
    Code.MERCHANT_RECEIVABLE: ("merchant_receivable", "asset", Guard.DEBIT),
    Code.ESCROW: ("escrow", "liability", Guard.CREDIT),
    Code.ESCROW_DISPUTED: ("escrow_disputed", "liability", Guard.CREDIT),
    Code.MERCHANT_PAYABLE: ("merchant_payable", "liability", Guard.SUMMED),
    Code.MERCHANT_RESERVE: ("merchant_reserve", "liability", Guard.SUMMED),
    Code.PAYOUT_IN_TRANSIT: ("payout_in_transit", "liability", Guard.NONE),
    Code.REFUND_IN_TRANSIT: ("refund_in_transit", "liability", Guard.NONE),
    Code.SUSPENSE: ("suspense", "liability", Guard.NONE),
    Code.FEE: ("fee", "income", Guard.NONE),
    Code.BANK_FEE: ("bank_fee", "expense", Guard.NONE),
    Code.CHARGEBACK_LOSS: ("chargeback_loss", "expense", Guard.NONE),
    Code.ISSUER_HOLD: ("issuer_hold", "memo", Guard.NONE),
    Code.HOLD: ("hold", "memo", Guard.CREDIT),
}


@dataclass(frozen=True, slots=True)
class Account:
    """`owner` is an escrow, merchant or bank id, or "" where there is one account a currency."""

    code: Code
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """`amount` > 0 minor units from `debit` to `credit`."""

    debit: Account
    credit: Account
    amount: int


Journal = tuple[Leg, ...]

FEE = Account(Code.FEE)
SUSPENSE = Account(Code.SUSPENSE)
REFUND_IN_TRANSIT = Account(Code.REFUND_IN_TRANSIT)
PAYOUT_IN_TRANSIT = Account(Code.PAYOUT_IN_TRANSIT)
BANK_FEE = Account(Code.BANK_FEE)
CHARGEBACK_LOSS = Account(Code.CHARGEBACK_LOSS)
ISSUER_HOLD = Account(Code.ISSUER_HOLD)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that one purchase moves."""

    escrow_id: str
    merchant_id: str
    bank: str

    @property
    def clearing(self) -> Account:
        return Account(Code.BANK_CLEARING, self.bank)

    @property
    def held(self) -> Account:
        return Account(Code.ESCROW, self.escrow_id)

    @property
    def disputed(self) -> Account:
        return Account(Code.ESCROW_DISPUTED, self.escrow_id)

    @property
    def hold(self) -> Account:
        return Account(Code.HOLD, self.escrow_id)

    @property
    def payable(self) -> Account:
        return Account(Code.MERCHANT_PAYABLE, self.merchant_id)

    @property
    def reserve(self) -> Account:
        return Account(Code.MERCHANT_RESERVE, self.merchant_id)

    @property
    def receivable(self) -> Account:
        return Account(Code.MERCHANT_RECEIVABLE, self.merchant_id)
