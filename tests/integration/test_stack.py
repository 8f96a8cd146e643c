"""The whole service as real processes: it comes up, each part can fall and rise again."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from runtime.embedded.process import DidNotStart
from runtime.stack import Stack, healthy

PARTS = ["postgres", "temporal", "bank", "api", "worker"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack") / "home", environ={})
    async with stack.running():
        yield stack
    stack.remove()


async def test_everything_comes_up_in_order(stack: Stack) -> None:
    assert sorted(stack.parts) == sorted(PARTS)
    assert stack.fallen() == []
    assert await healthy(stack.at.api_url)
    assert await healthy(stack.at.bank_url)


@pytest.mark.parametrize("name", PARTS)
async def test_a_killed_part_comes_back_where_it_was(stack: Stack, name: str) -> None:
    before, address = stack.pid(name), stack.parts[name].process.argv
    stack.kill(name)
    assert stack.fallen() == [name]
    await stack.start(name)
    assert stack.fallen() == []
    assert stack.pid(name) != before
    assert stack.parts[name].process.argv == address


async def test_a_paused_part_is_silent_and_then_goes_on(stack: Stack) -> None:
    stack.pause("bank")
    async with httpx2.AsyncClient(timeout=0.5) as client:
        with pytest.raises(httpx2.TimeoutException):
            await client.get(f"{stack.at.bank_url}/healthz")
    stack.resume("bank")
    assert await healthy(stack.at.bank_url)


async def test_a_part_that_cannot_start_says_why_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    broken = Stack(tmp_path / "home", environ={}, extra={"api": {"DANBAO_LINK_SECRET": "short"}})
    with pytest.raises(DidNotStart, match=r"(?s)api ended before it was ready.*link_secret"):
        await broken.start_all()
    assert sorted(broken.fallen()) == sorted(PARTS)
    broken.remove()
