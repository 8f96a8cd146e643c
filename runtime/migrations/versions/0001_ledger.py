"""Accounts and transfers with their guards, and the purchase's row, steps and public events.

The statements stand as SQL in runtime/migrations/sql/, because constraints, triggers and grants
are what this migration is about.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
TABLES = ("event", "transition", "escrow", "seal", "transfer", "account", "chart")
FUNCTIONS = (
    "ledger_verify",
    "ledger_seal",
    "ledger_digest",
    "ledger_rollup",
    "escrow_moves_by_steps",
    "append_only",
    "journal_is_whole",
    "transfer_guard",
)


def upgrade() -> None:
    run("0001_ledger_tables.sql")
    run("0001_escrow_tables.sql")
    run("0001_checkpoints.sql")
    run("0001_guards.sql")
    run("0001_grants.sql")


def downgrade() -> None:
    op.execute("ALTER TABLE escrow DROP CONSTRAINT escrow_version")
    op.execute("DROP VIEW account_balance")
    for table in TABLES:
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")


def run(script: str) -> None:
    """Each paragraph is one statement: the driver takes no more than one at a time."""
    for statement in (SQL / script).read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
