"""What we told banks and what they told us. Amounts are minor units, times are UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    default = None if nullable else text("now()")
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class BankOperation(SQLModel, table=True):
    """One thing that a bank was told to do, written down before the first byte left.

    `sending`: it may be at the bank, we have no answer. `pending`: the bank has it and has not
    decided. `yes` and `no` are definitive and stay.
    """

    __tablename__ = "bank_operation"
    __table_args__ = (
        CheckConstraint(
            "state in ('sending', 'pending', 'yes', 'no')", name="bank_operation_state"
        ),
        CheckConstraint(
            "operation in ('payment', 'deduct', 'unfreeze', 'refund', 'remit')",
            name="bank_operation_operation",
        ),
        CheckConstraint("amount >= 0", name="bank_operation_amount"),
        CheckConstraint("(state = 'sending') = (answer is null)", name="bank_operation_answered"),
        Index("bank_operation_escrow", "escrow_id"),
        # What a statement should show: all that was confirmed since the one before.
        Index(
            "bank_operation_confirmed",
            "bank",
            "currency",
            "updated_at",
            postgresql_where=text("state = 'yes'"),
        ),
        # What operators ask for: everything that a bank has left open.
        Index(
            "bank_operation_open",
            "created_at",
            postgresql_where=text("state in ('sending', 'pending')"),
        ),
    )

    reference: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_type=Text)
    operation: str = Field(sa_type=Text)
    escrow_id: str = Field(sa_type=Text)
    merchant_id: str = Field(sa_type=Text)
    amount: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    #: The payment that it goes back to, "" for a payment.
    of: str = Field(sa_type=Text)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default="sending"))
    #: SHA-256 of everything that was ordered.
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    #: The port's answer as JSON; its `kind` says which.
    answer: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_column=_moment())
    updated_at: datetime = Field(sa_column=_moment())


class BankEvent(SQLModel, table=True):
    """A verified callback, once per event id however often the bank sends it."""

    __tablename__ = "bank_event"

    provider: str = Field(sa_column=Column(Text, primary_key=True))
    event_id: str = Field(sa_column=Column(Text, primary_key=True))
    reference: str = Field(sa_type=Text, index=True)
    #: As it came, byte for byte; its signature was checked over these bytes.
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = Field(sa_column=_moment())
    #: When the purchase was told; null after a crash in between, so that the repeat is acted on.
    handled_at: datetime | None = Field(sa_column=_moment(nullable=True))
