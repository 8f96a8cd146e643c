"""What a merchant's program reads about its money. Amounts are minor units of `currency`."""

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from clearing.reading import Balance, Day, Line, PayoutSeen

PAYOUT = "pay_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
ESCROW = "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
JOURNAL = "0193c8a1b2c37d4e8f9a0b1c2d3e4f50"
State = Literal["opened", "sent", "settled", "failed", "returned"]


class BalanceOut(BaseModel):
    """What stands to you in one currency."""

    currency: str = Field(examples=["CNY"])
    payable: int = Field(description="Yours: paid out when it is due.", examples=[12570])
    reserve: int = Field(description="Yours, kept back as agreed.", examples=[0])
    owed: int = Field(description="What you owe us: taken off before anything is paid out.")
    owed_since: datetime | None = Field(
        description="When the oldest part of that debt arose; null when you owe nothing.",
        examples=[None],
    )
    in_transit: int = Field(description="On its way to your bank.", examples=[0])


class BalanceList(BaseModel):
    """One for each currency in which you ever had anything."""

    model_config = ConfigDict(title="Balances")

    data: list[BalanceOut]
    has_more: Literal[False] = False
    next_cursor: None = None


class PayoutOut(BaseModel):
    """One payment to your bank: at most one a bank, currency and clearing day."""

    id: str = Field(examples=[PAYOUT])
    status: State = Field(examples=["settled"])
    amount: int = Field(examples=[12570])
    currency: str = Field(examples=["CNY"])
    day: date = Field(description="The clearing day it pays.", examples=["2026-11-23"])
    bank: str = Field(description="Whose custody account it comes from.", examples=["sandbox"])
    account_last4: str = Field(description="Of your account's number.", examples=["0018"])
    reason: str = Field(description="Why it failed or came back.", examples=[""])
    created_at: datetime
    updated_at: datetime


class PayoutList(BaseModel):
    """Newest first."""

    data: list[PayoutOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(examples=[f"{PAYOUT}.kQ3b"])


class LineOut(BaseModel):
    """A leg of the ledger. `amount` is signed: what came to you is above 0, what was taken off
    below. `subject` is the purchase or payout it belongs to, `name` what happened there.
    """

    journal: str = Field(examples=[JOURNAL])
    leg: int = Field(examples=[1])
    amount: int = Field(examples=[12570])
    subject: str = Field(examples=[ESCROW])
    name: str = Field(examples=["receipt_confirmed"])
    at: datetime


class LineList(BaseModel):
    data: list[LineOut]
    has_more: bool = Field(examples=[True])
    next_cursor: str | None = Field(examples=[f"{JOURNAL}-1.kQ3b"])


class StatementOut(LineList):
    """One UTC day of your balance: `opening` and all its lines make `closing`."""

    model_config = ConfigDict(title="Statement")

    day: date = Field(examples=["2026-11-23"])
    currency: str = Field(examples=["CNY"])
    opening: int = Field(examples=[0])
    closing: int = Field(examples=[12570])


def balance_out(balance: Balance) -> BalanceOut:
    return BalanceOut(
        currency=balance.currency,
        payable=balance.payable,
        reserve=balance.reserve,
        owed=balance.owed,
        owed_since=balance.owed_since,
        in_transit=balance.in_transit,
    )


def payout_out(payout: PayoutSeen) -> PayoutOut:
    return PayoutOut.model_validate(
        {
            "id": payout.id,
            "status": payout.state,
            "amount": payout.amount,
            "currency": payout.currency,
            "day": payout.day,
            "bank": payout.bank,
            "account_last4": payout.account,
            "reason": payout.reason,
            "created_at": payout.created_at.astimezone(UTC),
            "updated_at": payout.updated_at.astimezone(UTC),
        }
    )


def line_out(line: Line) -> LineOut:
    return LineOut(
        journal=line.journal.hex,
        leg=line.leg,
        amount=line.amount,
        subject=line.subject,
        name=line.name,
        at=line.at.astimezone(UTC),
    )


def statement_out(day: Day, page: LineList) -> StatementOut:
    return StatementOut(
        day=day.day,
        currency=day.currency,
        opening=day.opening,
        closing=day.closing,
        **dict(page),
    )
