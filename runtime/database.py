"""PostgreSQL: one pool per process, one way to migrate."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
#: Nothing of ours thinks that long between two statements: whoever does has lost its machine, and
#: would keep its locks until TCP notices, hours later.
IDLE_IN_TRANSACTION = "60s"
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('danbao migrations'))")


def engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """A pool of `pool_size` connections to `url` (`postgresql+asyncpg://…`).

    Connections are checked when they are taken, so a restarted PostgreSQL costs nobody an error.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=10,
        # What a statement was given may be a buyer's address; errors are logged.
        hide_parameters=True,
        connect_args={
            "server_settings": {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION}
        },
    )


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration, with the connection that env.py runs the migrations on."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate(owner_url: str, revision: str = "head") -> None:
    """Bring the schema to `revision` as its owner; all of it or nothing.

    Whoever comes second, as replicas do that start together, waits and finds it done.
    """
    owner = create_async_engine(owner_url, poolclass=NullPool)
    try:
        async with owner.begin() as connection:
            await connection.execute(ONE_AT_A_TIME)
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
    finally:
        await owner.dispose()
