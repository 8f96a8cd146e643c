"""What the doors remember: merchants, keys, answers given, checkouts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    merchants()
    answers()
    checkouts()
    op.execute("GRANT SELECT, INSERT ON merchant, api_key, checkout TO danbao_app")
    op.execute("GRANT UPDATE (last_used_at, revoked_at) ON api_key TO danbao_app")
    # Answers are forgotten after 30 days, and their keys may be used anew.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO danbao_app")


def downgrade() -> None:
    for table in ("checkout", "idempotency", "api_key", "merchant"):
        op.drop_table(table)


def merchants() -> None:
    op.create_table(
        "merchant",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fee_fixed", sa.BigInteger, nullable=False),
        sa.Column("fee_bps", sa.Integer, nullable=False),
        sa.Column("reserve_bps", sa.Integer, nullable=False),
        moment("created_at"),
        sa.CheckConstraint("fee_fixed >= 0", name="merchant_fee_fixed"),
        sa.CheckConstraint("fee_bps between 0 and 10000", name="merchant_fee_bps"),
        sa.CheckConstraint("reserve_bps between 0 and 10000", name="merchant_reserve_bps"),
    )
    op.create_table(
        "api_key",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("last4", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, sa.ForeignKey("merchant.id"), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        moment("created_at"),
        moment("last_used_at", nullable=True),
        moment("revoked_at", nullable=True),
        sa.CheckConstraint("mode in ('test', 'live')", name="api_key_mode"),
    )
    op.create_index("ix_api_key_merchant_id", "api_key", ["merchant_id"])


def answers() -> None:
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        moment("leased_until", nullable=True),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text),
        moment("created_at"),
        sa.CheckConstraint(
            "(status is null) = (body is null) and (status is null) = (leased_until is not null)",
            name="idempotency_answered",
        ),
    )
    op.create_index("idempotency_age", "idempotency", ["created_at"])


def checkouts() -> None:
    op.create_table(
        "checkout",
        sa.Column("escrow_id", sa.Text, sa.ForeignKey("escrow.id"), primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("buyer_email", sa.Text, nullable=False),
        sa.Column("return_url", sa.Text, nullable=False),
    )


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
