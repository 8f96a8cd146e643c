"""Evidence as it is stored: its words and names can be erased, its place in the chain can't."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlmodel import Field, SQLModel

HEX = "~ '^[0-9a-f]{64}$'"


class Evidence(SQLModel, table=True):
    """One statement or file. The database itself gives `no`, `prev`, `hash` and `at`.

    `text` (of a statement) and `filename` (of a file) are null once they were erased; `digest` is
    the SHA-256 of the text or of the file, `size` its length in bytes.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Unique("escrow_id", "no", name="evidence_no"),
        CheckConstraint("no > 0", name="evidence_no_positive"),
        CheckConstraint("dispute > 0", name="evidence_dispute"),
        CheckConstraint("by in ('buyer', 'merchant', 'operator')", name="evidence_by"),
        CheckConstraint("kind in ('statement', 'file')", name="evidence_kind"),
        CheckConstraint(
            "(kind = 'statement' or text is null) and (kind = 'file' or filename is null)",
            name="evidence_content",
        ),
        CheckConstraint("size > 0", name="evidence_size"),
        CheckConstraint(f"digest {HEX} and prev {HEX} and hash {HEX}", name="evidence_digests"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    escrow_id: str = Field(sa_column=Column(Text, ForeignKey("escrow.id"), nullable=False))
    #: Its place among all evidence of the purchase, from 1 without a gap.
    no: int
    #: Which dispute of the purchase it is about: 1 or 2.
    dispute: int
    by: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    text: str | None = Field(sa_type=Text)
    filename: str | None = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    digest: str = Field(sa_type=Text)
    #: `hash` of the one before; 64 zeros for the first.
    prev: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
