"""The buyer's wallet: accounts, the links that open them, what they hold.

Purchases get a digest of the buyer's address, which the API fills in for those that are there.
"""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "0018_wallet.sql"
TABLES = (
    "wallet_forgetting", "wallet_method", "wallet_payer", "wallet_purchase", "wallet_session",
    "wallet_entrance", "wallet_account",
)  # fmt: skip


def upgrade() -> None:
    # Each paragraph is one statement: the driver takes no more than one at a time.
    for statement in SCRIPT.read_text().strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("checkout_undigested", "checkout")
    op.drop_index("checkout_buyer", "checkout")
    op.drop_column("checkout", "buyer_digest")
    for table in TABLES:
        op.drop_table(table)
