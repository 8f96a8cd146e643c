"""What a buyer wants forgotten can be; the house has a key of its own, so that it is not asked."""

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("purchase_key", "escrow_id", nullable=True)
    one_at_a_time(nulls_not_distinct=True)
    op.alter_column("checkout", "buyer_email", nullable=True)


def downgrade() -> None:
    op.execute("UPDATE checkout SET buyer_email = '' WHERE buyer_email IS NULL")
    op.alter_column("checkout", "buyer_email", nullable=False)
    op.execute("DELETE FROM purchase_key WHERE escrow_id IS NULL")
    op.alter_column("purchase_key", "escrow_id", nullable=False)
    one_at_a_time(nulls_not_distinct=False)


def one_at_a_time(*, nulls_not_distinct: bool) -> None:
    op.drop_index("purchase_key_current", "purchase_key")
    op.create_index(
        "purchase_key_current",
        "purchase_key",
        ["escrow_id"],
        unique=True,
        postgresql_where=text("retired_at is null"),
        postgresql_nulls_not_distinct=nulls_not_distinct,
    )
