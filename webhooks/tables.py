"""Where merchants want to be told, and how telling them went."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Text, func
from sqlmodel import Field, SQLModel


def _written_moment() -> Any:
    return Column(DateTime(timezone=True), server_default=func.now(), nullable=False)


class WebhookEndpoint(SQLModel, table=True):
    """One address a merchant. The secret is kept in clear, because signing needs it."""

    __tablename__ = "webhook_endpoint"

    merchant_id: str = Field(sa_column=Column(Text, primary_key=True))
    url: str = Field(sa_type=Text)
    secret: str = Field(sa_type=Text, repr=False)
    #: Since when this address; it is also how one address is told from the next.
    created_at: datetime = Field(sa_column=_written_moment())
    #: When the merchant answered 410.
    disabled_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class NoticeAttempt(SQLModel, table=True):
    """One try of one notice: what was answered (0: nothing), how long it took. Append-only."""

    __tablename__ = "notice_attempt"
    __table_args__ = (
        CheckConstraint("status between 0 and 999", name="notice_attempt_status"),
        CheckConstraint("status > 0 or error <> ''", name="notice_attempt_why"),
        CheckConstraint("milliseconds >= 0", name="notice_attempt_milliseconds"),
        Index("notice_attempt_event", "escrow_id", "sequence"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    escrow_id: str = Field(sa_type=Text)
    sequence: int
    status: int
    error: str = Field(sa_type=Text)
    milliseconds: int
    at: datetime = Field(sa_column=_written_moment())
