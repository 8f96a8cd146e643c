from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.database import engine as pool
from runtime.embedded.postgres import SUPERUSER, PostgresServer
from tests.conftest import Database
from tests.integration.ledger.books import Books


@pytest.fixture(scope="session")
def books(engine: AsyncEngine) -> Books:
    return Books(engine)


@pytest_asyncio.fixture(scope="session")
async def crowd(database: Database) -> AsyncIterator[Books]:
    """Books with as many connections as a crowd of callers needs to really collide."""
    many = pool(database.app_url, pool_size=64)
    yield Books(many)
    await many.dispose()


@pytest_asyncio.fixture(scope="session")
async def superuser(postgres: PostgresServer, database: Database) -> AsyncIterator[AsyncEngine]:
    """Somebody whom no grant and no trigger stops."""
    almighty = pool(postgres.url("danbao", SUPERUSER), pool_size=4)
    yield almighty
    await almighty.dispose()
