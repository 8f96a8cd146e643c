"""After the sale: what merchants may owe us, and what becomes of our fee."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0020_after_sale.sql"


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("account_of_debtors", "account")
    op.drop_column("payout_contract", "fee_back")
    op.drop_column("payout_contract", "debt_limit")
