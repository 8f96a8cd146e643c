"""How operators find purchases: by an order's number, and those that a person must look at."""

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("escrow_order_id", "escrow", ["order_id", "id"])
    op.create_index("escrow_review", "escrow", ["id"], postgresql_where=text("review <> ''"))


def downgrade() -> None:
    op.drop_index("escrow_review", "escrow")
    op.drop_index("escrow_order_id", "escrow")
