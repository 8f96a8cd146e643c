"""What is declared, what the migrations made, and what the domain means are the same."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from domain.accounts import CHART
from runtime.database import alembic_config, engine, migrate
from runtime.embedded.postgres import PostgresServer

ROOMS = (
    "ledger", "banks", "vault", "webhooks", "clearing", "api", "api.evidence", "api.operators",
)  # fmt: skip
for room in ROOMS:
    import_module(f"{room}.tables")


async def test_the_migrated_database_is_what_the_tables_declare(owner_engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[object] = compare_metadata(context, SQLModel.metadata)
        return found

    async with owner_engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize("table", sorted(SQLModel.metadata.tables))
async def test_every_declared_check_is_in_the_database(
    owner_engine: AsyncEngine, table: str
) -> None:
    """Alembic does not compare these."""
    declared = {
        str(one.name)
        for one in SQLModel.metadata.tables[table].constraints
        if isinstance(one, CheckConstraint)
    }
    async with owner_engine.connect() as connection:
        found = await connection.run_sync(lambda on: inspect(on).get_check_constraints(table))
    assert {check["name"] for check in found} == declared


async def test_the_chart_of_accounts_is_the_domains(owner_engine: AsyncEngine) -> None:
    async with owner_engine.connect() as connection:
        rows = await connection.execute(text("SELECT code, name, kind, guard FROM chart"))
        stored = {row.code: (row.name, row.kind, row.guard) for row in rows}
    assert stored == {code.value: said for code, said in CHART.items()}


async def test_every_migration_can_be_taken_back(postgres: PostgresServer) -> None:
    owner_url = await postgres.create_database("danbao_back", "danbao_owner", ["danbao_app"])
    await migrate(owner_url)
    owner = engine(owner_url)
    left = text("""
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """)
    async with owner.begin() as connection:
        await connection.run_sync(lambda on: downgrade(alembic_config(on), "base"))
        assert (await connection.scalars(left)).all() == ["alembic_version"]
    await owner.dispose()
    await postgres.drop_database("danbao_back")
