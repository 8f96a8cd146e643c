"""What the doors remember: merchants, their keys, answers given, and what a cashier shows.

Amounts are minor units, times are UTC.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    # One Column object belongs to one table, so every field makes its own.
    default = None if nullable else text("now()")
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class Merchant(SQLModel, table=True):
    """A shop. Its fee is pinned into the terms of each purchase when that is created."""

    __tablename__ = "merchant"
    __table_args__ = (
        CheckConstraint("fee_fixed >= 0", name="merchant_fee_fixed"),
        CheckConstraint("fee_bps between 0 and 10000", name="merchant_fee_bps"),
        CheckConstraint("reserve_bps between 0 and 10000", name="merchant_reserve_bps"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    fee_fixed: int = Field(sa_type=BigInteger)
    fee_bps: int
    reserve_bps: int
    created_at: datetime = Field(sa_column=_moment())


class ApiKey(SQLModel, table=True):
    """SHA-256 of a key; `last4` lets a merchant tell two keys apart."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("mode in ('test', 'live')", name="api_key_mode"),
        CheckConstraint("cardinality(scopes) > 0", name="api_key_scopes"),
    )

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    last4: str = Field(sa_type=Text)
    merchant_id: str = Field(
        sa_column=Column(Text, ForeignKey("merchant.id"), nullable=False, index=True)
    )
    mode: str = Field(sa_type=Text)
    #: `api.scopes.Scope`
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_column=_moment())
    last_used_at: datetime | None = Field(sa_column=_moment(nullable=True))
    revoked_at: datetime | None = Field(sa_column=_moment(nullable=True))


class Idempotency(SQLModel, table=True):
    """A command under its key: claimed until `leased_until`, then answered for good."""

    __tablename__ = "idempotency"
    __table_args__ = (
        CheckConstraint(
            "(status is null) = (body is null) and (status is null) = (leased_until is not null)",
            name="idempotency_answered",
        ),
        Index("idempotency_age", "created_at"),
    )

    #: Whose key it is: a merchant's id, or `buyer:` and an escrow's id.
    subject: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leased_until: datetime | None = Field(sa_column=_moment(nullable=True))
    status: int | None
    #: JSON, byte for byte as it was answered.
    body: str | None = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=_moment())


class Checkout(SQLModel, table=True):
    """What a cashier shows: personal data and texts, kept out of the terms."""

    __tablename__ = "checkout"
    __table_args__ = (
        Index(
            "checkout_buyer",
            "buyer_digest",
            "escrow_id",
            postgresql_where=text("length(buyer_digest) > 0"),
        ),
        Index(
            "checkout_undigested",
            "escrow_id",
            postgresql_where=text("buyer_digest is null and buyer_email is not null"),
        ),
    )

    escrow_id: str = Field(sa_column=Column(Text, ForeignKey("escrow.id"), primary_key=True))
    description: str = Field(sa_type=Text)
    #: [{"name": …, "quantity": …, "amount": …}]
    items: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    #: Null once it was erased.
    buyer_email: str | None = Field(sa_type=Text)
    #: `api.wallet.addresses.Recognition`'s; null until it was made, and once it was erased.
    buyer_digest: bytes | None = Field(sa_column=Column(LargeBinary))
    return_url: str = Field(sa_type=Text)


class RateWindow(SQLModel, table=True):
    """How often somebody asked since their present minute began; forgotten when it is over.

    Not logged: a crash of PostgreSQL empties it.
    """

    __tablename__ = "rate_window"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    #: Which quota, and whose.
    key: str = Field(sa_column=Column(Text, primary_key=True))
    hits: int
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ConsoleSession(SQLModel, table=True):
    """A person at the merchant console, let in by a key: no longer than the key itself lives.

    Only the SHA-256 of the cookie is stored.
    """

    __tablename__ = "console_session"
    __table_args__ = (Index("console_session_end", "ends_at"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    key_hash: bytes = Field(
        sa_column=Column(LargeBinary, ForeignKey("api_key.hash"), nullable=False)
    )
    created_at: datetime = Field(sa_column=_moment())
    seen_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
