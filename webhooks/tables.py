"""Where merchants want to be told, and how telling them went."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, func
from sqlmodel import Field, SQLModel


def _text(**more: Any) -> Any:
    return Column(Text, nullable=False, **more)


class WebhookEndpoint(SQLModel, table=True):
    """One address a merchant. The secret is kept in clear: signing needs it."""

    __tablename__: ClassVar[str] = "webhook_endpoint"

    merchant_id: str = Field(sa_column=Column(Text, primary_key=True))
    url: str = Field(sa_column=_text())
    secret: str = Field(sa_column=_text())
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), server_default=func.now(), nullable=False)
    )
    #: Since the merchant answered 410.
    disabled_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class NoticeAttempt(SQLModel, table=True):
    """One try of one notice: what was answered (0: nothing), how long it took. Append-only."""

    __tablename__: ClassVar[str] = "notice_attempt"
    __table_args__ = (Index("notice_attempt_event", "escrow_id", "sequence"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    escrow_id: str = Field(sa_column=_text())
    sequence: int
    status: int
    error: str = Field(sa_column=_text())
    milliseconds: int
    at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), server_default=func.now(), nullable=False)
    )
