"""Kinds of columns that the ledger's tables share. Each call makes a column of its own."""

from typing import Any

from sqlalchemy import Column, Computed, DateTime, Integer, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id; it never wraps around. Only the database reads it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


# SQLAlchemy must know the name when the database is compared with the tables.
ischema_names["xid8"] = Xid8


def said_moment(*, nullable: bool = False) -> Any:
    """A time that whoever writes the row says."""
    return Column(DateTime(timezone=True), nullable=nullable)


def written_moment() -> Any:
    """The database's own time of writing."""
    return Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))


def writer() -> Any:
    """The transaction that wrote the row: what lies below the oldest running one is final."""
    return Column(Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def previous() -> Any:
    """The number before `sequence`, null for 1: a foreign key to it makes gaps impossible."""
    return Column(Integer, Computed("nullif(sequence - 1, 0)", persisted=True))
