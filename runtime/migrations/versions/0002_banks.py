"""What we told banks and what they told us."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    operations()
    events()
    op.execute("GRANT SELECT, INSERT ON bank_operation, bank_event TO danbao_app")
    # What was ordered and what was reported can't be rewritten; only what came of it is added.
    op.execute("GRANT UPDATE (state, answer, updated_at) ON bank_operation TO danbao_app")
    op.execute("GRANT UPDATE (handled_at) ON bank_event TO danbao_app")


def downgrade() -> None:
    op.drop_table("bank_event")
    op.drop_table("bank_operation")


def operations() -> None:
    op.create_table(
        "bank_operation",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("bank", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("escrow_id", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("of", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="sending"),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", JSONB),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint(
            "state in ('sending', 'pending', 'yes', 'no')", name="bank_operation_state"
        ),
        sa.CheckConstraint(
            "operation in ('payment', 'deduct', 'unfreeze', 'refund')",
            name="bank_operation_operation",
        ),
        sa.CheckConstraint("amount >= 0", name="bank_operation_amount"),
        sa.CheckConstraint(
            "(state = 'sending') = (answer is null)", name="bank_operation_answered"
        ),
    )
    op.create_index("bank_operation_escrow", "bank_operation", ["escrow_id"])
    op.create_index(
        "bank_operation_open",
        "bank_operation",
        ["created_at"],
        postgresql_where=sa.text("state in ('sending', 'pending')"),
    )


def events() -> None:
    op.create_table(
        "bank_event",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        moment("received_at"),
        moment("handled_at", nullable=True),
    )
    op.create_index("ix_bank_event_reference", "bank_event", ["reference"])


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
