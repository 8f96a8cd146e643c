"""What is known of buyers who have an account. Times are UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    # One Column object belongs to one table, so every field makes its own.
    default = None if nullable else text("now()")
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


def _account(*, primary_key: bool = False) -> Any:
    owner = ForeignKey("wallet_account.id", ondelete="CASCADE")
    return Column(Text, owner, nullable=False, primary_key=primary_key)


class WalletAccount(SQLModel, table=True):
    """A buyer. `email` is normalised (api/wallet/addresses.py)."""

    __tablename__ = "wallet_account"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    email: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=_moment())


class WalletEntrance(SQLModel, table=True):
    """The newest link that was asked for at an address, and the mail that brings it.

    It can be opened, or its mail be sent, until `ends_at`. While `next_try_at` is there, the mail
    has not left.
    """

    __tablename__ = "wallet_entrance"
    __table_args__ = (
        Index("wallet_entrance_end", "ends_at"),
        Index(
            "wallet_entrance_due",
            "next_try_at",
            postgresql_where=text("next_try_at is not null"),
        ),
    )

    email: str = Field(sa_column=Column(Text, primary_key=True))
    #: In the link, signed: alone it opens nothing.
    id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    language: str = Field(sa_type=Text)
    tries: int
    next_try_at: datetime | None = Field(sa_column=_moment(nullable=True))
    asked_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class WalletSession(SQLModel, table=True):
    """A buyer who is signed in. Only the SHA-256 of the cookie is stored."""

    __tablename__ = "wallet_session"
    __table_args__ = (
        Index("wallet_session_end", "ends_at"),
        Index("wallet_session_account", "account_id"),
    )

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    account_id: str = Field(sa_column=_account())
    created_at: datetime = Field(sa_column=_moment())
    seen_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class WalletPurchase(SQLModel, table=True):
    """A purchase that its buyer keeps in the account, whatever address the merchant was given."""

    __tablename__ = "wallet_purchase"
    __table_args__ = (Index("wallet_purchase_escrow", "escrow_id"),)

    account_id: str = Field(sa_column=_account(primary_key=True))
    escrow_id: str = Field(sa_column=Column(Text, ForeignKey("escrow.id"), primary_key=True))
    kept_at: datetime = Field(sa_column=_moment())


class WalletPayer(SQLModel, table=True):
    """How a bank knows the account: a random name that says nothing."""

    __tablename__ = "wallet_payer"

    account_id: str = Field(sa_column=_account(primary_key=True))
    bank: str = Field(sa_column=Column(Text, primary_key=True))
    reference: str = Field(sa_column=Column(Text, nullable=False, unique=True))


class WalletMethod(SQLModel, table=True):
    """What a bank keeps for the account, as it last said. Never a number of a card or account."""

    __tablename__ = "wallet_method"
    __table_args__ = (
        UniqueConstraint("account_id", "bank", "token", name="wallet_method_token"),
        CheckConstraint(r"expires ~ '^(\d{4}-\d{2})?$'", name="wallet_method_expires"),
    )

    #: What our forms name it by: the bank's token stays here.
    id: str = Field(sa_column=Column(Text, primary_key=True))
    account_id: str = Field(sa_column=_account())
    bank: str = Field(sa_type=Text)
    token: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    label: str = Field(sa_type=Text)
    #: The last month in which it can pay, `2030-04`; "" when it does not expire.
    expires: str = Field(sa_type=Text)
    kept_at: datetime = Field(sa_column=_moment())


class WalletForgetting(SQLModel, table=True):
    """A payer whose account is gone: the bank has to forget everything it keeps for that name."""

    __tablename__ = "wallet_forgetting"
    __table_args__ = (Index("wallet_forgetting_due", "next_try_at"),)

    reference: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_type=Text)
    since: datetime = Field(sa_column=_moment())
    next_try_at: datetime = Field(sa_column=_moment())
