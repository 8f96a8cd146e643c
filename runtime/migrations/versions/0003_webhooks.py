"""Where merchants want to be told, and how telling them went."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("merchant_id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        _moment("created_at", server_default=sa.func.now(), nullable=False),
        _moment("disabled_at"),
    )
    op.create_table(
        "notice_attempt",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("escrow_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        _moment("at", server_default=sa.func.now(), nullable=False),
    )
    op.create_index("notice_attempt_event", "notice_attempt", ["escrow_id", "sequence"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON webhook_endpoint TO danbao_app")
    op.execute("GRANT SELECT, INSERT ON notice_attempt TO danbao_app")


def downgrade() -> None:
    op.drop_table("notice_attempt")
    op.drop_table("webhook_endpoint")


def _moment(name: str, **more: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **more)  # type: ignore[arg-type]
