"""Payouts that a bank is told of together, in one file."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0021_payout_batches.sql"


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("payout_batch_order")
    op.drop_table("payout_batch")
