"""Where merchants want to be told, how telling them went, and what they have not heard yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def _written_moment() -> Any:
    return Column(DateTime(timezone=True), server_default=func.now(), nullable=False)


def _later() -> Any:
    return Column(DateTime(timezone=True), nullable=True)


class WebhookEndpoint(SQLModel, table=True):
    """One address of a merchant. Secrets are kept in clear, because signing needs them."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint(
            "(old_secret is null) = (old_secret_until is null)", name="webhook_endpoint_old_secret"
        ),
        CheckConstraint(
            "(disabled_at is null) = (disabled_by is null)", name="webhook_endpoint_disabled"
        ),
        CheckConstraint("disabled_by in ('merchant', 'gone')", name="webhook_endpoint_disabled_by"),
        CheckConstraint("cardinality(events) > 0", name="webhook_endpoint_events"),
        Index("webhook_endpoint_merchant", "merchant_id", "id"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    merchant_id: str = Field(sa_type=Text)
    url: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    #: Types that it wants to hear; null: all of them, also those that come to be later.
    events: list[str] | None = Field(sa_column=Column(ARRAY(Text), nullable=True))
    secret: str = Field(sa_type=Text, repr=False)
    #: The secret before this one signs too, until then.
    old_secret: str | None = Field(sa_type=Text, repr=False)
    old_secret_until: datetime | None = Field(sa_column=_later())
    created_at: datetime = Field(sa_column=_written_moment())
    #: When this address was given; it is also how one address is told from the next.
    given_at: datetime = Field(sa_column=_written_moment())
    disabled_at: datetime | None = Field(sa_column=_later())
    #: `merchant`: it said so here; `gone`: its server answered 410.
    disabled_by: str | None = Field(sa_type=Text)


class NoticeAttempt(SQLModel, table=True):
    """One try of one notice: what was sent, what was answered (0: nothing), how long it took.

    Append-only, and forgotten after a while (webhooks/attempts.py).
    """

    __tablename__ = "notice_attempt"
    __table_args__ = (
        CheckConstraint("status between 0 and 999", name="notice_attempt_status"),
        CheckConstraint("status > 0 or error <> ''", name="notice_attempt_why"),
        CheckConstraint("milliseconds >= 0", name="notice_attempt_milliseconds"),
        Index("notice_attempt_event", "escrow_id", "sequence", "id"),
        Index("notice_attempt_age", "at"),
    )

    #: Ids begin with their time, so this is the order of the log.
    id: str = Field(sa_column=Column(Text, primary_key=True))
    escrow_id: str = Field(sa_type=Text)
    sequence: int
    endpoint_id: str = Field(sa_type=Text)
    url: str = Field(sa_type=Text)
    #: The headers that were sent; the body is the event's.
    headers: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    status: int
    error: str = Field(sa_type=Text)
    #: The first part of what was answered.
    answer: str = Field(sa_type=Text)
    milliseconds: int
    at: datetime = Field(sa_column=_written_moment())


class UnheardNotice(SQLModel, table=True):
    """A notice that an endpoint was to hear and has not: being tried again, or parked."""

    __tablename__ = "unheard_notice"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "escrow_id", "sequence", name="unheard_notice_once"),
        CheckConstraint(
            "(next_at is null) = (parked_at is not null)", name="unheard_notice_next_or_parked"
        ),
        CheckConstraint("tries >= 0", name="unheard_notice_tries"),
        Index("unheard_notice_endpoint", "endpoint_id", "id"),
        Index("unheard_notice_event", "event_id"),
        Index("unheard_notice_parked", "parked_at"),
    )

    #: As above: the oldest first.
    id: str = Field(sa_column=Column(Text, primary_key=True))
    endpoint_id: str = Field(sa_type=Text)
    escrow_id: str = Field(sa_type=Text)
    sequence: int
    event_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    #: Tries since the event happened, or since it was last asked for again.
    tries: int
    #: Why the last of them failed, in a word.
    reason: str = Field(sa_type=Text)
    next_at: datetime | None = Field(sa_column=_later())
    parked_at: datetime | None = Field(sa_column=_later())
    since: datetime = Field(sa_column=_written_moment())
