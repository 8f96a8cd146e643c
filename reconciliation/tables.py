"""Reconciliation's tables. Amounts are minor units, signed: above 0 came in.

What the database refuses: 0019_reconciliation.sql.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from domain.reconciliation import Kind, Rule, Way
from ledger.columns import said_moment, written_moment


def one_of(names: type[Kind] | type[Rule] | type[Way]) -> str:
    return ", ".join(f"'{name}'" for name in names)


class StatementNotice(SQLModel, table=True):
    """A bank has announced a statement, perhaps for the second time, perhaps out of order."""

    __tablename__ = "statement_notice"
    __table_args__ = (
        Index(
            "statement_notice_unread", "bank", "number", postgresql_where=text("read_at is null")
        ),
    )

    bank: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    account: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    sequence: int = Field(sa_type=BigInteger)
    day: date = Field(sa_type=Date)
    heard_at: datetime = Field(sa_column=written_moment())
    read_at: datetime | None = Field(sa_column=said_moment(nullable=True))


class StatementFile(SQLModel, table=True):
    """A statement as the bank sent it: immutable, but for how far it was read."""

    __tablename__ = "statement_file"
    __table_args__ = (
        UniqueConstraint("bank", "currency", "sequence", name="statement_file_once"),
        UniqueConstraint("sha256", name="statement_file_bytes"),
        CheckConstraint("sequence > 0", name="statement_file_sequence"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    sequence: int = Field(sa_type=BigInteger)
    day: date = Field(sa_type=Date)
    #: The bank's name for it.
    name: str = Field(sa_type=Text)
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opening: int = Field(sa_type=BigInteger)
    closing: int = Field(sa_type=BigInteger)
    lines: int
    made_at: datetime = Field(sa_column=said_moment())
    received_at: datetime = Field(sa_column=written_moment())
    #: The last line that was judged.
    matched_upto: int = Field(sa_column_kwargs={"server_default": "0"})
    finished_at: datetime | None = Field(sa_column=said_moment(nullable=True))


class StatementLine(SQLModel, table=True):
    """One movement, numbered from 1. `amount` is what was booked, the bank's `charges` included."""

    __tablename__ = "statement_line"
    __table_args__ = (Index("statement_line_reference", "reference"),)

    file_id: str = Field(sa_column=Column(Text, ForeignKey("statement_file.id"), primary_key=True))
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    amount: int = Field(sa_type=BigInteger)
    charges: int = Field(sa_type=BigInteger)
    #: Ours, "" when the bank does not say it.
    reference: str = Field(sa_type=Text)
    bank_reference: str = Field(sa_type=Text)
    booked_on: date = Field(sa_type=Date)
    value_on: date = Field(sa_type=Date)
    #: Why a payment came back, ISO 20022's code.
    returned: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)


class StatementMatch(SQLModel, table=True):
    """A line and the operation that it shows: each way of a reference at most once, ever."""

    __tablename__ = "statement_match"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "number"],
            ["statement_line.file_id", "statement_line.number"],
            name="statement_match_line",
        ),
        CheckConstraint(f"way in ({one_of(Way)})", name="statement_match_way"),
        CheckConstraint(f"rule in ({one_of(Rule)})", name="statement_match_rule"),
        Index("statement_match_by_line", "file_id", "number"),
    )

    reference: str = Field(sa_column=Column(Text, primary_key=True))
    way: str = Field(sa_column=Column(Text, primary_key=True))
    file_id: str = Field(sa_type=Text)
    number: int
    rule: str = Field(sa_type=Text)
    #: What of the line is the operation's, and where it stood until then (a code of the chart).
    amount: int = Field(sa_type=BigInteger)
    stood_in: int
    matched_at: datetime = Field(sa_column=written_moment())


class Break(SQLModel, table=True):
    """Where statement and books differ, until somebody has explained it."""

    __tablename__ = "reconciliation_break"
    __table_args__ = (
        CheckConstraint(f"kind in ({one_of(Kind)})", name="reconciliation_break_kind"),
        CheckConstraint(
            "(closed_at is null) = (closed_by = '')", name="reconciliation_break_closed"
        ),
        Index(
            "reconciliation_break_open",
            "due_at",
            postgresql_where=text("closed_at is null"),
        ),
        Index("reconciliation_break_reference", "reference"),
        Index("reconciliation_break_file", "file_id"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    #: The statement that showed it; `number` is its line, 0 when the line is what is missing.
    file_id: str = Field(sa_column=Column(Text, ForeignKey("statement_file.id"), nullable=False))
    number: int
    reference: str = Field(sa_type=Text)
    #: The purchase or payout that it belongs to, "" when nobody knows.
    subject: str = Field(sa_type=Text)
    #: Signed; 0 when that side has nothing.
    ours: int = Field(sa_type=BigInteger)
    theirs: int = Field(sa_type=BigInteger)
    #: The operator who looks after it, "" when nobody does.
    owner: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    opened_at: datetime = Field(sa_column=written_moment())
    due_at: datetime = Field(sa_column=said_moment())
    closed_at: datetime | None = Field(sa_column=said_moment(nullable=True))
    #: `statement` when a later line explained it, `bank` when its word did, else a login.
    closed_by: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    note: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
