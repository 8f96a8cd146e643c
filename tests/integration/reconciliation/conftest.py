from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.postgres import PostgresServer
from tests.integration.reconciliation.desk import Desk


@pytest_asyncio.fixture(scope="session")
async def engine(postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """Books of their own: what banks are told here belongs to no real purchase or payout."""
    owner = await postgres.create_database("statements", "danbao_owner", guests=["danbao_app"])
    await migrate(owner)
    app = pool(postgres.url("statements", "danbao_app"), pool_size=20)
    yield app
    await app.dispose()


@pytest.fixture
def desk(engine: AsyncEngine) -> Desk:
    return Desk(engine)
