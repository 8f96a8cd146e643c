"""Clearing: contracts, clearing days, bank details, payouts and what each of them pays."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0017_clearing.sql"
TABLES = (
    "payout_line", "payout", "payout_account", "payout_contract", "clearing_days", "paid_up_to",
    "clearing_run",
)  # fmt: skip


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("account_of_merchants", "account")
    for table in TABLES:
        op.drop_table(table)
    for function in ("payout_moves_by_steps", "payout_is_its_lines"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("UPDATE api_key SET scopes = array_remove(scopes, 'payouts')")
    op.drop_constraint("bank_operation_operation", "bank_operation")
    op.create_check_constraint(
        "bank_operation_operation",
        "bank_operation",
        "operation in ('payment', 'deduct', 'unfreeze', 'refund')",
    )
    op.execute("ALTER TABLE event ALTER COLUMN transition SET NOT NULL")
