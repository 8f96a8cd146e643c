"""What is known of operators, what they propose, and everything they did, chained.

Amounts are minor units, times are UTC.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
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


def _operator(*, nullable: bool = False) -> Any:
    return Column(Text, ForeignKey("operator.id"), nullable=nullable)


class Operator(SQLModel, table=True):
    """A person who looks after purchases. `login` is lower-case.

    `password_hash` is Argon2id's own text, `key_hash` the SHA-256 of the key.
    """

    __tablename__ = "operator"
    __table_args__ = (
        CheckConstraint("role in ('viewer', 'operator', 'approver')", name="operator_role"),
        CheckConstraint("login = lower(login)", name="operator_login_lower"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    login: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    password_hash: str = Field(sa_type=Text)
    key_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    key_last4: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=_moment())
    disabled_at: datetime | None = Field(sa_column=_moment(nullable=True))


class OperatorSession(SQLModel, table=True):
    """An operator at the desk. Only the SHA-256 of the cookie is stored."""

    __tablename__ = "operator_session"
    __table_args__ = (Index("operator_session_end", "ends_at"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    operator_id: str = Field(sa_column=_operator())
    created_at: datetime = Field(sa_column=_moment())
    seen_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Proposal(SQLModel, table=True):
    """How one operator would divide a dispute; its id is the command's that carries it out.

    Nobody approves their own proposal, unless the amount is one that an operator decides `alone`.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("least(refund, release) >= 0", name="proposal_amounts"),
        CheckConstraint(
            "(approved_by is null) = (approved_at is null)"
            " and (approved_by is null or alone = (approved_by = proposed_by))",
            name="proposal_four_eyes",
        ),
        Index("proposal_dispute", "escrow_id", "dispute", "proposed_at"),
        Index(
            "proposal_decided",
            "escrow_id",
            "dispute",
            unique=True,
            postgresql_where=text("approved_at is not null"),
        ),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    escrow_id: str = Field(sa_column=Column(Text, ForeignKey("escrow.id"), nullable=False))
    dispute: int
    #: The purchase's version that it was made for.
    version: int
    refund: int = Field(sa_type=BigInteger)
    release: int = Field(sa_type=BigInteger)
    note: str = Field(sa_type=Text)
    alone: bool = Field(sa_column=Column(Boolean, nullable=False))
    proposed_by: str = Field(sa_column=_operator())
    proposed_at: datetime = Field(sa_column=_moment())
    approved_by: str | None = Field(sa_column=_operator(nullable=True))
    approved_at: datetime | None = Field(sa_column=_moment(nullable=True))


class AuditEntry(SQLModel, table=True):
    """Something that an operator did. The database gives `no`, `at`, `prev` and `hash`."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("audit_subject", "subject", "no"),)

    no: int = Field(sa_column=Column(Integer, FetchedValue(), primary_key=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    #: "" for what was done at the terminal of the installation itself.
    operator_id: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    #: The dispute, purchase or operator that it was done to; "" for none.
    subject: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    prev: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
