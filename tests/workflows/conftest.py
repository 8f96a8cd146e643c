from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.workflows.running import running_world
from tests.workflows.world import World


@pytest_asyncio.fixture(scope="session")
async def world(server_home: Path) -> AsyncIterator[World]:
    async with running_world(server_home / "temporal-workflows") as world:
        yield world
