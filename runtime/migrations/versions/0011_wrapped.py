"""Keys are wrapped; seals are the ledger's."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("purchase_key", "sealed_by", new_column_name="wrapped_by")


def downgrade() -> None:
    op.alter_column("purchase_key", "wrapped_by", new_column_name="sealed_by")
