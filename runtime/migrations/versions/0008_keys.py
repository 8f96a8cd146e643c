"""The keys of purchases: what Temporal stores is sealed with them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purchase_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("escrow_id", sa.Text, nullable=False),
        sa.Column("box", sa.LargeBinary),
        sa.Column("sealed_by", sa.Text, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["escrow_id"], ["escrow.id"], name="purchase_key_escrow"),
        sa.CheckConstraint(
            "box is not null or retired_at is not null", name="purchase_key_retired_first"
        ),
    )
    op.create_index(
        "purchase_key_current",
        "purchase_key",
        ["escrow_id"],
        unique=True,
        postgresql_where=sa.text("retired_at is null"),
    )
    op.create_index(
        "purchase_key_retired",
        "purchase_key",
        ["escrow_id"],
        postgresql_where=sa.text("retired_at is not null"),
    )
    # Sealing anew and destroying are an operator's, as the owner of the schema.
    op.execute("GRANT SELECT, INSERT ON purchase_key TO danbao_app")


def downgrade() -> None:
    op.drop_table("purchase_key")
