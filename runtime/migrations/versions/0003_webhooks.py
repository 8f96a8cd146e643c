"""Where merchants want to be told, and how telling them went."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    endpoints()
    attempts()
    op.execute("GRANT SELECT, INSERT ON webhook_endpoint, notice_attempt TO danbao_app")
    # A merchant may change its address; what was tried is never rewritten.
    op.execute(
        "GRANT UPDATE (url, secret, created_at, disabled_at) ON webhook_endpoint TO danbao_app"
    )


def downgrade() -> None:
    op.drop_table("notice_attempt")
    op.drop_table("webhook_endpoint")


def endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("merchant_id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        moment("created_at"),
        moment("disabled_at", nullable=True),
    )


def attempts() -> None:
    op.create_table(
        "notice_attempt",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("escrow_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        moment("at"),
        sa.CheckConstraint("status between 0 and 999", name="notice_attempt_status"),
        sa.CheckConstraint("status > 0 or error <> ''", name="notice_attempt_why"),
        sa.CheckConstraint("milliseconds >= 0", name="notice_attempt_milliseconds"),
    )
    op.create_index("notice_attempt_event", "notice_attempt", ["escrow_id", "sequence"])


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
