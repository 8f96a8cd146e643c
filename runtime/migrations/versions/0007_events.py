"""The event log of a merchant, in the order of transactions: nothing appears behind a reader."""

from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None

#: What is written by the database itself (xid, position) is not among these.
WRITTEN = "id, escrow_id, merchant_id, sequence, transition, type, body, at"


def upgrade() -> None:
    op.execute("ALTER TABLE event ADD COLUMN merchant_id text")
    # What is there already is final: it comes before everything, in the order of its positions.
    op.execute("ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT '0'")
    op.execute("ALTER TABLE event ALTER COLUMN xid SET DEFAULT pg_current_xact_id()")
    op.execute("ALTER TABLE event DISABLE TRIGGER event_append_only")
    op.execute(
        "UPDATE event SET merchant_id = escrow.merchant_id FROM escrow WHERE escrow.id = escrow_id"
    )
    op.execute("ALTER TABLE event ENABLE TRIGGER event_append_only")
    op.execute("ALTER TABLE event ALTER COLUMN merchant_id SET NOT NULL")
    op.drop_constraint("event_position", "event")
    op.create_index("event_log", "event", ["merchant_id", "xid", "position"], unique=True)
    op.execute("REVOKE INSERT ON event FROM danbao_app")
    op.execute(f"GRANT INSERT ({WRITTEN}) ON event TO danbao_app")


def downgrade() -> None:
    op.execute("REVOKE INSERT ON event FROM danbao_app")
    op.drop_index("event_log", "event")
    op.create_unique_constraint("event_position", "event", ["position"])
    op.drop_column("event", "xid")
    op.drop_column("event", "merchant_id")
    op.execute("GRANT INSERT ON event TO danbao_app")
