"""The whole product as real processes, two of which die where a test says."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from runtime.embedded.process import DidNotStart
from runtime.stack import Stack
from tests.chaos.plan import FOLDER
from tests.chaos.trade import Street, street_of


@pytest_asyncio.fixture(scope="package")
async def street(server_home: Path) -> AsyncIterator[Street]:
    plans = server_home / "plans"
    plans.mkdir()
    told = {FOLDER: str(plans)}
    named = ("DATABASE_URL", "TEMPORAL_ADDRESS")
    stack = Stack(
        server_home / "stack",
        extra={"worker": told, "api": told},
        instead={"worker": "tests.chaos.crashing_worker", "api": "tests.chaos.crashing_api"},
        environ={name: value for name, value in os.environ.items() if name not in named},
    )
    async with stack.running(), street_of(stack, plans) as street:
        yield street


@pytest_asyncio.fixture
async def revived(street: Street) -> AsyncIterator[None]:
    """Whatever dies is started again, as an init system does."""

    async def watch() -> None:
        while True:
            for name in street.stack.fallen():
                street.deaths.append(name)
                # The next death may come before it says that it is ready: it has fallen again.
                with contextlib.suppress(DidNotStart):
                    await street.stack.start(name)
            await asyncio.sleep(0.2)

    watchdog = asyncio.create_task(watch())
    yield
    watchdog.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watchdog
