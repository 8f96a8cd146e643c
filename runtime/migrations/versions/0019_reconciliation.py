"""Reconciliation: banks' statements as they came, what they match, and where they differ."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0019_reconciliation.sql"
TABLES = (
    "reconciliation_break", "statement_match", "statement_line", "statement_file",
    "statement_notice",
)  # fmt: skip


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("bank_operation_confirmed", "bank_operation")
    for table in TABLES:
        op.drop_table(table)
