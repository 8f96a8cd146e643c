"""Your balance, payments to your bank and what each of them pays: the answers' models."""

from datetime import date, datetime

from danbao_client.models import Answered


class Balance(Answered):
    """What stands to you in one currency, in minor units.

    `payable` is paid out when it is due, `reserve` is kept back, `owed` is your debt to us, whose
    oldest part is open since `owed_since`, `in_transit` is on its way to your bank.
    """

    currency: str
    payable: int
    reserve: int
    owed: int
    owed_since: datetime | None
    in_transit: int


class Balances(Answered):
    """One for each currency in which you ever had anything."""

    data: tuple[Balance, ...]
    has_more: bool = False
    next_cursor: None = None


class Payout(Answered):
    """One payment to your bank; `status` is opened, sent, settled, failed or returned."""

    id: str
    status: str
    amount: int
    currency: str
    day: date
    bank: str
    account_last4: str
    reason: str
    created_at: datetime
    updated_at: datetime


class PayoutPage(Answered):
    """Newest first."""

    data: tuple[Payout, ...]
    has_more: bool
    next_cursor: str | None = None


class Line(Answered):
    """A leg of the ledger: `amount` is signed, `subject` the purchase or payout it belongs to."""

    journal: str
    leg: int
    amount: int
    subject: str
    name: str
    at: datetime


class LinePage(Answered):
    data: tuple[Line, ...]
    has_more: bool
    next_cursor: str | None = None


class StatementPage(LinePage):
    """One UTC day: `opening` and all its lines make `closing`."""

    day: date
    currency: str
    opening: int
    closing: int
