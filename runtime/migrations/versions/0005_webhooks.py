"""Several endpoints a merchant, two live secrets each; the whole of a try; what was not heard."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0009"
branch_labels = None
depends_on = None

#: What a merchant may change of an endpoint. Whose it is stays.
CHANGEABLE = (
    "url, description, events, secret, old_secret, old_secret_until, given_at, disabled_at,"
    " disabled_by"
)
#: The service can't delete a try as it likes: only what is older than it may keep.
FORGET = """
CREATE FUNCTION forget_notice_attempts() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    WITH forgotten AS (
        DELETE FROM public.notice_attempt WHERE at < now() - interval '30 days' RETURNING id
    )
    SELECT count(*) FROM forgotten;
END
"""


def upgrade() -> None:
    endpoints()
    attempts()
    unheard()
    op.execute("REVOKE UPDATE (created_at) ON webhook_endpoint FROM danbao_app")
    op.execute(f"GRANT UPDATE ({CHANGEABLE}), DELETE ON webhook_endpoint TO danbao_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON unheard_notice TO danbao_app")
    op.execute("GRANT UPDATE (tries, reason, next_at, parked_at) ON unheard_notice TO danbao_app")
    op.execute(FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_notice_attempts() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION forget_notice_attempts() TO danbao_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION forget_notice_attempts()")
    op.drop_table("unheard_notice")
    op.drop_index("notice_attempt_age", "notice_attempt")
    op.drop_index("notice_attempt_event", "notice_attempt")
    for name in ("endpoint_id", "url", "headers", "answer"):
        op.drop_column("notice_attempt", name)
    op.create_index("notice_attempt_event", "notice_attempt", ["escrow_id", "sequence"])
    op.drop_column("notice_attempt", "id")
    op.add_column(
        "notice_attempt",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    )
    op.create_primary_key("notice_attempt_pkey", "notice_attempt", ["id"])
    only_one_endpoint()


def endpoints() -> None:
    """The one endpoint that a merchant had gets an id; it wants to hear everything."""
    table = "webhook_endpoint"
    op.add_column(table, sa.Column("id", sa.Text))
    op.execute(
        "UPDATE webhook_endpoint SET id = 'whe_' || replace(gen_random_uuid()::text, '-', '')"
    )
    op.drop_constraint("webhook_endpoint_pkey", table)
    op.create_primary_key("webhook_endpoint_pkey", table, ["id"])
    op.add_column(table, sa.Column("description", sa.Text, nullable=False, server_default=""))
    op.alter_column(table, "description", server_default=None)
    op.add_column(table, sa.Column("events", ARRAY(sa.Text)))
    op.add_column(table, sa.Column("old_secret", sa.Text))
    op.add_column(table, sa.Column("old_secret_until", sa.DateTime(timezone=True)))
    op.add_column(table, moment("given_at"))
    op.execute("UPDATE webhook_endpoint SET given_at = created_at")
    op.add_column(table, sa.Column("disabled_by", sa.Text))
    op.execute("UPDATE webhook_endpoint SET disabled_by = 'gone' WHERE disabled_at IS NOT NULL")
    for name, check in (
        ("old_secret", "(old_secret is null) = (old_secret_until is null)"),
        ("disabled", "(disabled_at is null) = (disabled_by is null)"),
        ("disabled_by", "disabled_by in ('merchant', 'gone')"),
        ("events", "cardinality(events) > 0"),
    ):
        op.create_check_constraint(f"{table}_{name}", table, check)
    op.create_index("webhook_endpoint_merchant", table, ["merchant_id", "id"])


def only_one_endpoint() -> None:
    table = "webhook_endpoint"
    op.execute(
        "DELETE FROM webhook_endpoint newer USING webhook_endpoint older"
        " WHERE newer.merchant_id = older.merchant_id AND newer.id > older.id"
    )
    op.drop_index("webhook_endpoint_merchant", table)
    for name in ("old_secret", "disabled", "disabled_by", "events"):
        op.drop_constraint(f"{table}_{name}", table)
    op.drop_constraint("webhook_endpoint_pkey", table)
    op.create_primary_key("webhook_endpoint_pkey", table, ["merchant_id"])
    for name in (
        "id", "description", "events", "old_secret", "old_secret_until", "given_at", "disabled_by",
    ):  # fmt: skip
        op.drop_column(table, name)
    op.execute("REVOKE DELETE ON webhook_endpoint FROM danbao_app")
    op.execute("GRANT UPDATE (created_at) ON webhook_endpoint TO danbao_app")


def attempts() -> None:
    """Ids that do not tell how many there are. What was sent before is not known any more."""
    table = "notice_attempt"
    op.execute("ALTER TABLE notice_attempt ALTER COLUMN id DROP IDENTITY")
    op.execute(
        "ALTER TABLE notice_attempt ALTER COLUMN id TYPE text"
        " USING 'dlv_' || lpad(to_hex(id), 32, '0')"
    )
    for column in (
        sa.Column("endpoint_id", sa.Text, nullable=False, server_default=""),
        sa.Column("url", sa.Text, nullable=False, server_default=""),
        sa.Column("headers", JSONB, nullable=False, server_default="{}"),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
    op.drop_index("notice_attempt_event", table)
    op.create_index("notice_attempt_event", table, ["escrow_id", "sequence", "id"])
    op.create_index("notice_attempt_age", table, ["at"])


def unheard() -> None:
    op.create_table(
        "unheard_notice",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("endpoint_id", sa.Text, nullable=False),
        sa.Column("escrow_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        moment("next_at", nullable=True),
        moment("parked_at", nullable=True),
        moment("since"),
        sa.UniqueConstraint("endpoint_id", "escrow_id", "sequence", name="unheard_notice_once"),
        sa.CheckConstraint(
            "(next_at is null) = (parked_at is not null)", name="unheard_notice_next_or_parked"
        ),
        sa.CheckConstraint("tries >= 0", name="unheard_notice_tries"),
    )
    op.create_index("unheard_notice_endpoint", "unheard_notice", ["endpoint_id", "id"])
    op.create_index("unheard_notice_event", "unheard_notice", ["event_id"])
    op.create_index("unheard_notice_parked", "unheard_notice", ["parked_at"])


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)
