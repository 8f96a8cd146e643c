"""Scopes of keys, windows of rate limits, sessions of the merchant console."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0008"
branch_labels = None
depends_on = None

#: What every key could do before there were scopes.
EVERYTHING = "'{escrows:read,escrows:write,refunds,webhooks,keys}'"


def upgrade() -> None:
    scopes()
    windows()
    sessions()


def downgrade() -> None:
    op.drop_table("console_session")
    op.drop_table("rate_window")
    op.drop_column("api_key", "scopes")


def scopes() -> None:
    op.execute(f"ALTER TABLE api_key ADD COLUMN scopes text[] NOT NULL DEFAULT {EVERYTHING}")
    op.execute("ALTER TABLE api_key ALTER COLUMN scopes DROP DEFAULT")
    op.create_check_constraint("api_key_scopes", "api_key", "cardinality(scopes) > 0")


def windows() -> None:
    op.create_table(
        "rate_window",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        prefixes=["UNLOGGED"],
    )
    # Room on the page for the next count of the same row, so that counting touches no index.
    op.execute("ALTER TABLE rate_window SET (fillfactor = 50)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rate_window TO danbao_app")


def sessions() -> None:
    now = sa.text("now()")
    op.create_table(
        "console_session",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("key_hash", sa.LargeBinary, sa.ForeignKey("api_key.hash"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("console_session_end", "console_session", ["ends_at"])
    op.execute("GRANT SELECT, INSERT, DELETE ON console_session TO danbao_app")
    op.execute("GRANT UPDATE (seen_at, ends_at) ON console_session TO danbao_app")
