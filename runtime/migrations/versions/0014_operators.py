"""Operators, what they propose, and the log of everything they did."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0014_operators.sql"


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("escrow_disputed", "escrow")
    for table in ("audit_entry", "proposal", "operator_session", "operator"):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute("DROP FUNCTION audit_chained")
