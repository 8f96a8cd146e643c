"""What the sides of a dispute say and show, chained."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0013_evidence.sql"


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("evidence")
    op.execute("DROP FUNCTION evidence_chained, evidence_only_forgotten")
