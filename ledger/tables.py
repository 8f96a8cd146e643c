"""The ledger's tables. Amounts are minor units, times have a time zone.

The guards that hold money together live in the database: runtime/migrations/versions/0001_ledger.py
creates what is declared here, and the triggers and grants that no declaration can say.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.columns import Xid8, previous, said_moment, writer, written_moment


class Chart(SQLModel, table=True):
    """The chart of accounts: what kind an account of a code is, and how it is guarded."""

    __tablename__ = "chart"
    __table_args__ = (
        UniqueConstraint("name", name="chart_name"),
        UniqueConstraint("code", "guard", name="chart_code_guard"),
        CheckConstraint(
            "kind in ('asset', 'liability', 'income', 'expense', 'memo')", name="chart_kind"
        ),
        CheckConstraint("guard in ('N', 'C', 'D', 'S')", name="chart_guard"),
    )

    code: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    guard: str = Field(sa_type=Text)


class Account(SQLModel, table=True):
    """One account. For guards C and D `debits` and `credits` are its balance; for N and S they
    are the checkpoint of all transfers below `upto`, and the rest is the tail.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("id", "currency", name="account_id_currency"),
        UniqueConstraint("code", "owner", "currency", name="account_code_owner_currency"),
        # The guard is copied so that a check can see it; this key makes sure it is the chart's.
        ForeignKeyConstraint(
            ["code", "guard"], ["chart.code", "chart.guard"], name="account_chart"
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="account_currency"),
        CheckConstraint("debits >= 0 and credits >= 0", name="account_positive"),
        CheckConstraint("guard <> 'C' or credits >= debits", name="account_credit_guard"),
        CheckConstraint("guard <> 'D' or debits >= credits", name="account_debit_guard"),
        # For clearing, which goes through the merchants that it may owe something.
        Index(
            "account_of_merchants",
            "currency",
            "owner",
            postgresql_where=text("code in (2200, 2210)"),
        ),
        # For those whom a merchant's debt concerns.
        Index("account_of_debtors", "currency", "owner", postgresql_where=text("code = 1300")),
        # Room on the page for the next version of a row: balances move without touching indexes.
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    code: int = Field(sa_type=SmallInteger)
    guard: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    debits: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    credits: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    upto: str = Field(sa_column=Column(Xid8, nullable=False, server_default="0"))
    created_at: datetime = Field(sa_column=written_moment())


class Transfer(SQLModel, table=True):
    """One leg: `amount` from the debit to the credit account. Its primary key is what makes a
    journal happen once: `journal_id` is derived from (`subject`, `sequence`).
    """

    __tablename__ = "transfer"
    __table_args__ = (
        ForeignKeyConstraint(
            ["debit_account", "currency"],
            ["account.id", "account.currency"],
            name="transfer_debit_account",
        ),
        ForeignKeyConstraint(
            ["credit_account", "currency"],
            ["account.id", "account.currency"],
            name="transfer_credit_account",
        ),
        # The key again, in case that two ids were ever made of the same subject and sequence.
        UniqueConstraint("subject", "sequence", "leg", name="transfer_subject"),
        CheckConstraint("amount > 0", name="transfer_amount"),
        CheckConstraint("leg > 0", name="transfer_leg"),
        CheckConstraint("debit_account <> credit_account", name="transfer_two_accounts"),
        Index("transfer_debits", "debit_account", "xid", postgresql_include=["amount"]),
        Index("transfer_credits", "credit_account", "xid", postgresql_include=["amount"]),
        Index("transfer_xid", "xid"),
    )

    journal_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    leg: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    #: The escrow, payment, clearing run … that this journal belongs to, and its number there.
    subject: str = Field(sa_type=Text)
    sequence: int
    name: str = Field(sa_type=Text)
    debit_account: UUID = Field(sa_type=Uuid)
    credit_account: UUID = Field(sa_type=Uuid)
    currency: str = Field(sa_type=Text)
    amount: int = Field(sa_type=BigInteger)
    event_at: datetime = Field(sa_column=said_moment())
    xid: str = Field(sa_column=writer())
    created_at: datetime = Field(sa_column=written_moment())


class Escrow(SQLModel, table=True):
    """The purchase as lists and pages read it. It moves only together with a transition."""

    __tablename__ = "escrow"
    __table_args__ = (
        # Deferred, because the first transition points back at this row. Altered in later, so
        # that the two tables can be put in an order.
        ForeignKeyConstraint(
            ["id", "version"],
            ["transition.escrow_id", "transition.sequence"],
            name="escrow_version",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        CheckConstraint("amount > 0", name="escrow_amount"),
        CheckConstraint("funding in ('deduct', 'freeze')", name="escrow_funding"),
        CheckConstraint(
            'least(funded, held, disputed, released, refunded, authorised, "returning") >= 0',
            name="escrow_positive",
        ),
        CheckConstraint("funded = held + disputed + released + refunded", name="escrow_adds_up"),
        CheckConstraint(
            "stage not in ('completed', 'refunded', 'closed')"
            " or held = 0 and disputed = 0 and authorised = 0",
            name="escrow_ends_empty",
        ),
        # Ids begin with their time, so this is the order of a merchant's list, newest last.
        Index("escrow_merchant", "merchant_id", "id"),
        Index("escrow_order", "merchant_id", "order_id"),
        Index(
            "escrow_disputed",
            "dispute_deadline",
            "id",
            postgresql_where=text("dispute <> 'none'"),
        ),
        # For operators, who know an order's number and not whose it is.
        Index("escrow_order_id", "order_id", "id"),
        Index("escrow_review", "id", postgresql_where=text("review <> ''")),
        Index("escrow_unstarted", "created_at", postgresql_where=text("started_at is null")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    merchant_id: str = Field(sa_type=Text)
    order_id: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount: int = Field(sa_type=BigInteger)
    funding: str = Field(sa_type=Text)
    #: Everything that was agreed; `ledger.reading` makes domain.terms.Terms of it.
    terms: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    #: The sequence of the last transition.
    version: int

    stage: str = Field(sa_type=Text)
    dispute: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    funded: int = Field(sa_type=BigInteger)
    held: int = Field(sa_type=BigInteger)
    disputed: int = Field(sa_type=BigInteger)
    released: int = Field(sa_type=BigInteger)
    refunded: int = Field(sa_type=BigInteger)
    authorised: int = Field(sa_type=BigInteger)
    returning: int = Field(sa_type=BigInteger)
    bank: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    attempt: int
    payment: str = Field(sa_type=Text)
    declined: str = Field(sa_type=Text)
    deadline: datetime | None = Field(sa_column=said_moment(nullable=True))
    capture_before: datetime | None = Field(sa_column=said_moment(nullable=True))
    dispute_deadline: datetime | None = Field(sa_column=said_moment(nullable=True))
    review: str = Field(sa_type=Text)
    told: int

    created_at: datetime = Field(sa_column=written_moment())
    updated_at: datetime = Field(sa_column=written_moment())
    #: When the purchase's workflow was known to run; null until then.
    started_at: datetime | None = Field(sa_column=said_moment(nullable=True))


class Transition(SQLModel, table=True):
    """One step of a purchase, numbered without gaps; 1 is its creation."""

    __tablename__ = "transition"
    __table_args__ = (
        ForeignKeyConstraint(["escrow_id"], ["escrow.id"], name="transition_escrow"),
        ForeignKeyConstraint(
            ["escrow_id", "previous"],
            ["transition.escrow_id", "transition.sequence"],
            name="transition_gapless",
        ),
        CheckConstraint("sequence > 0", name="transition_sequence"),
    )

    escrow_id: str = Field(sa_column=Column(Text, primary_key=True))
    sequence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    previous: int | None = Field(sa_column=previous())
    name: str = Field(sa_type=Text)
    by: str = Field(sa_type=Text)
    at: datetime = Field(sa_column=said_moment())
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    #: The id of the command that asked for it, "" for facts.
    command: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    #: SHA-256 of everything that was to be recorded: tells a repetition from another step.
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(sa_column=written_moment())


class Event(SQLModel, table=True):
    """What merchants hear. `sequence` has no gaps within its escrow; the log's order is
    (`xid`, `position`), because positions are not handed out in the order of commits.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("escrow_id", "sequence", name="event_sequence"),
        ForeignKeyConstraint(
            ["escrow_id", "transition"],
            ["transition.escrow_id", "transition.sequence"],
            name="event_transition",
        ),
        ForeignKeyConstraint(
            ["escrow_id", "previous"],
            ["event.escrow_id", "event.sequence"],
            name="event_gapless",
        ),
        CheckConstraint("sequence > 0", name="event_positive"),
        Index("event_log", "merchant_id", "xid", "position", unique=True),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    escrow_id: str = Field(sa_type=Text)
    merchant_id: str = Field(sa_type=Text)
    sequence: int
    previous: int | None = Field(sa_column=previous())
    #: The sequence of the transition that caused it; null for a payout's event, whose id stands
    #: for the escrow's.
    transition: int | None = Field(sa_column=Column(Integer, nullable=True))
    #: `escrow.paid`, `escrow.shipped` …
    type: str = Field(sa_type=Text)
    #: The webhook's payload.
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=said_moment())
    #: Rises over all escrows, with gaps; a later commit may bring a lower one.
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    xid: str = Field(sa_column=writer())


class Seal(SQLModel, table=True):
    """A link of the chain over all transfers below `upto`: SHA-256 of `prev` and their hashes."""

    __tablename__ = "seal"

    no: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    upto: str = Field(sa_column=Column(Xid8, nullable=False))
    transfers: int = Field(sa_type=BigInteger)
    prev: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = Field(sa_column=written_moment())
