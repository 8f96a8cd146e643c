"""The command that asked for a step: one whose answer got lost is known again by it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transition", sa.Column("command", sa.Text, nullable=False, server_default=""))
    op.execute("GRANT INSERT (command) ON transition TO danbao_app")


def downgrade() -> None:
    op.drop_column("transition", "command")
