"""Clearing's tables. Amounts are minor units; what the database refuses: 0017_clearing.sql."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from ledger.columns import Xid8, said_moment, written_moment

STATES = "'opened', 'sent', 'settled', 'failed', 'returned'"


def _merchant() -> Any:
    return Column(Text, ForeignKey("merchant.id"), primary_key=True)


class PayoutContract(SQLModel, table=True):
    """When a merchant is paid, per currency. No row: the defaults of domain.clearing."""

    __tablename__ = "payout_contract"
    __table_args__ = (
        CheckConstraint("days between 0 and 30", name="payout_contract_days"),
        CheckConstraint("minimum > 0", name="payout_contract_minimum"),
        CheckConstraint("reserve_days between 0 and 540", name="payout_contract_reserve"),
        CheckConstraint("debt_limit >= 0", name="payout_contract_debt"),
    )

    merchant_id: str = Field(sa_column=_merchant())
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    days: int = Field(sa_type=SmallInteger)
    minimum: int = Field(sa_type=BigInteger)
    reserve_days: int = Field(sa_type=SmallInteger)
    debt_limit: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    fee_back: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))


class ClearingDays(SQLModel, table=True):
    """A bank's clearing days in a currency. No row: the defaults of domain.clearing."""

    __tablename__ = "clearing_days"
    __table_args__ = (
        CheckConstraint("weekend <@ array[0, 1, 2, 3, 4, 5, 6]::smallint[]", name="days_weekend"),
    )

    bank: str = Field(sa_column=Column(Text, primary_key=True))
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    cutoff: time = Field(sa_type=Time)
    zone: str = Field(sa_type=Text)
    #: Monday is 0.
    weekend: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    closed: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))


class PayoutAccount(SQLModel, table=True):
    """Where a merchant is paid in a currency. New details are a new row; a `frozen` account is
    paid nothing until the merchant has given new ones.
    """

    __tablename__ = "payout_account"
    __table_args__ = (
        CheckConstraint("state in ('active', 'frozen', 'replaced')", name="payout_account_state"),
        Index(
            "payout_account_present",
            "merchant_id",
            "currency",
            unique=True,
            postgresql_where=text("state <> 'replaced'"),
        ),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    merchant_id: str = Field(sa_column=Column(Text, ForeignKey("merchant.id"), nullable=False))
    currency: str = Field(sa_type=Text)
    holder: str = Field(sa_type=Text)
    number: str = Field(sa_type=Text)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default="active"))
    reason: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    created_at: datetime = Field(sa_column=written_moment())


class Payout(SQLModel, table=True):
    """One remittance to one merchant: at most one per bank, currency and clearing day."""

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("merchant_id", "bank", "currency", "day", name="payout_once_a_day"),
        CheckConstraint("amount > 0", name="payout_amount"),
        CheckConstraint(f"state in ({STATES})", name="payout_state"),
        Index("payout_merchant", "merchant_id", "id"),
        Index("payout_day", "bank", "currency", "day"),
        Index("payout_open", "id", postgresql_where=text("state in ('opened', 'sent')")),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    merchant_id: str = Field(sa_column=Column(Text, ForeignKey("merchant.id"), nullable=False))
    bank: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    day: date = Field(sa_type=Date)
    amount: int = Field(sa_type=BigInteger)
    account_id: str = Field(sa_column=Column(Text, ForeignKey("payout_account.id"), nullable=False))
    #: What the bank knows it by; fixed before the first try.
    reference: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    state: str = Field(sa_type=Text)
    reason: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    #: The number of its public events.
    version: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default="0"))
    created_at: datetime = Field(sa_column=written_moment())
    updated_at: datetime = Field(sa_column=written_moment())


class PayoutLine(SQLModel, table=True):
    """A leg that a payout pays: each leg of the ledger at most once, ever."""

    __tablename__ = "payout_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["journal_id", "leg"],
            ["transfer.journal_id", "transfer.leg"],
            name="payout_line_transfer",
        ),
        CheckConstraint("amount <> 0", name="payout_line_amount"),
        Index("payout_line_payout", "payout_id", "journal_id", "leg"),
    )

    journal_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    leg: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    payout_id: str = Field(sa_column=Column(Text, ForeignKey("payout.id"), nullable=False))
    #: Signed: what was owed is above 0, what was taken off below.
    amount: int = Field(sa_type=BigInteger)


class PayoutBatch(SQLModel, table=True):
    """Payouts that a bank is told of in one file, whose id this is."""

    __tablename__ = "payout_batch"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    day: date = Field(sa_type=Date)
    #: The file says it: the same bytes at every try.
    created_at: datetime = Field(sa_column=written_moment())


class BatchedPayout(SQLModel, table=True):
    """A payout is in one batch at most, ever."""

    __tablename__ = "payout_batch_order"
    __table_args__ = (Index("payout_batch_order_batch", "batch_id"),)

    payout_id: str = Field(sa_column=Column(Text, ForeignKey("payout.id"), primary_key=True))
    batch_id: str = Field(sa_column=Column(Text, ForeignKey("payout_batch.id"), nullable=False))


class PaidUpTo(SQLModel, table=True):
    """All of a merchant's legs below transaction `upto` are lines of a payout: where looking for
    open items begins, so that it does not take longer every year.
    """

    __tablename__ = "paid_up_to"

    merchant_id: str = Field(sa_column=_merchant())
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    upto: str = Field(sa_column=Column(Xid8, nullable=False))


class ClearingRun(SQLModel, table=True):
    """One clearing day of one bank and currency; what it paid is in its payouts."""

    __tablename__ = "clearing_run"

    bank: str = Field(sa_column=Column(Text, primary_key=True))
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    started_at: datetime = Field(sa_column=written_moment())
    finished_at: datetime | None = Field(sa_column=said_moment(nullable=True))
