from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.integration.clearing.clearers import Clearers
from tests.integration.clearing.till import Till


@pytest.fixture(scope="session")
def till(engine: AsyncEngine) -> Till:
    return Till(engine)


@pytest_asyncio.fixture(scope="session")
async def clearers(server_home: Path, engine: AsyncEngine) -> AsyncIterator[Clearers]:
    """Not at work yet. A server of their own: nobody else's worker takes these payouts."""
    server = TemporalServer(
        server_home / "temporal-clearing", keep=False, dynamic_config=TIME_SKIPPING
    )
    await server.start()
    yield Clearers(await server.client("tests"), engine)
    await server.stop()
