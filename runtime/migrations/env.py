"""Alembic's door: runs the migrations on the connection that `runtime.database` hands in."""

from importlib import import_module
from importlib.util import find_spec

from alembic import context
from sqlmodel import SQLModel

#: Whose tables `alembic revision --autogenerate` compares with the database.
TABLES = (
    "ledger.tables", "banks.tables", "webhooks.tables",
    "clearing.tables", "reconciliation.tables",
    "api.wallet.tables",
    "api.tables", "api.evidence.tables", "api.operators.tables",
)  # fmt: skip

for module in TABLES:
    if find_spec(module):
        import_module(module)

context.configure(
    connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata
)
with context.begin_transaction():
    context.run_migrations()
