"""The keys of purchases, each wrapped by a master key that the database never sees."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field, SQLModel


class PurchaseKey(SQLModel, table=True):
    """One key of one purchase, or of the house: for workflows that belong to no purchase.

    A purchase has one that is not retired; one that was erased gets a new one if it writes again.
    """

    __tablename__ = "purchase_key"
    __table_args__ = (
        ForeignKeyConstraint(["escrow_id"], ["escrow.id"], name="purchase_key_escrow"),
        CheckConstraint(
            "box is not null or retired_at is not null", name="purchase_key_retired_first"
        ),
        Index(
            "purchase_key_current",
            "escrow_id",
            unique=True,
            postgresql_where=text("retired_at is null"),
            # The house has one key at a time, too.
            postgresql_nulls_not_distinct=True,
        ),
        Index("purchase_key_retired", "escrow_id", postgresql_where=text("retired_at is not null")),
    )

    #: Stands in every payload that it has encrypted.
    id: str = Field(sa_column=Column(Text, primary_key=True))
    #: Null: the house's.
    escrow_id: str | None = Field(sa_type=Text)
    #: Nonce, ciphertext and tag; null once destroyed.
    box: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    #: The fingerprint of the master key that wraps it.
    wrapped_by: str = Field(sa_type=Text)
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    #: From then on it decrypts what it has encrypted, and encrypts nothing new.
    retired_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
