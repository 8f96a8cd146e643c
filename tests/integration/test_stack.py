"""The whole service as real processes: it comes up, each part can fall and rise again."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import psutil
import pytest
import pytest_asyncio

from danbao_client import AsyncDanbao
from runtime.beside import told
from runtime.demo.front import the_merchant, the_operators
from runtime.embedded import places
from runtime.embedded.places import LOOPBACK
from runtime.embedded.process import DidNotStart
from runtime.engineer.disputes import APPROVER, PROPOSER
from runtime.stack import ROOT, Stack, healthy

#: Far longer than it takes; reached only when something never happens.
PATIENCE = 60.0
#: Each of two workers has a health and a metrics port.
NEEDED = 4
#: From here on systems take ports for outgoing connections.
EPHEMERAL = 32_768
PARTS = ["postgres", "temporal", "bank", "mailbox", "api", "worker", "codec"]


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


async def test_operators_commands_find_it(stack: Stack) -> None:
    found = told(stack.home, {})
    assert found["DANBAO_MIGRATION_URL"] == stack.at.owner_url
    assert found["DANBAO_VAULT_KEYS"] == stack.secrets.vault_key
    for elsewhere in ("DATABASE_URL", "DANBAO_MIGRATION_URL"):
        assert told(stack.home, {elsewhere: "postgresql://db.example/danbao"}) == {}


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


async def test_a_demo_goes_on_with_its_merchant_when_the_shop_has_another_port(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await the_merchant(stack)
    moved = replace(stack.at, shop_port=1)
    monkeypatch.setattr(stack, "at", moved)
    assert await the_merchant(stack) == first
    async with httpx2.AsyncClient(trust_env=False) as http:
        hooks = AsyncDanbao(stack.at.api_url, first.api_key, http=http).webhook_endpoints
        assert [hook.url for hook in await hooks.list()] == ["http://127.0.0.1:1/webhooks"]


async def test_a_demo_goes_on_with_its_operators_even_if_it_forgot_them(stack: Stack) -> None:
    """One proposes, one approves; secrets that nobody wrote down are made anew."""
    first = await the_operators(stack)
    assert [one.login for one in first] == [PROPOSER, APPROVER]
    assert await the_operators(stack) == first
    (stack.home / "operators.json").unlink()
    again = await the_operators(stack)
    async with httpx2.AsyncClient(base_url=stack.at.api_url, trust_env=False) as http:
        for staff, status in ((first, 401), (again, 200)):
            for one in staff:
                headers = {"Authorization": f"Bearer {one.key}"}
                assert (await http.get("/v1/disputes", headers=headers)).status_code == status


def four_ports() -> int:
    """The first of four free ports in a row, where no other part of any stack looks for one."""
    for first in range(places.ANY_PORT.stop, EPHEMERAL, NEEDED):
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for port in range(first, first + NEEDED):
                taken.enter_context(socket.create_server((LOOPBACK, port)))
            return first
    raise OSError("no four free ports in a row")


@pytest_asyncio.fixture(loop_scope="session")
async def parent(stack: Stack) -> AsyncIterator[psutil.Popen]:
    """Two workers that are up, and the process that looks after them."""
    first = four_ports()
    ports = {"DANBAO_WORKER_HEALTH_PORT": str(first), "DANBAO_METRICS_PORT": str(first + 1)}
    parent = psutil.Popen(
        [sys.executable, "worker.py", "--processes", "2"],
        cwd=ROOT,
        env={**stack.parts["worker"].process.env, **ports},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children: list[psutil.Process] = []
    try:
        async with asyncio.timeout(PATIENCE):
            for port in (first, first + 2):
                while not await healthy(f"http://{LOOPBACK}:{port}"):  # noqa: ASYNC110 - a process
                    await asyncio.sleep(0.05)
        children = parent.children()
        yield parent
    finally:
        for process in (parent, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        parent.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_workers_end_with_the_process_that_started_them(
    parent: psutil.Popen, number: signal.Signals
) -> None:
    workers = parent.children()
    assert len(workers) == 2
    parent.send_signal(number)
    _, alive = await asyncio.to_thread(psutil.wait_procs, [parent, *workers], PATIENCE)
    assert alive == []


async def test_workers_end_when_one_of_them_does(parent: psutil.Popen) -> None:
    """A supervisor then starts all of them again, instead of half a service going unnoticed."""
    workers = parent.children()
    workers[0].kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [parent, *workers], PATIENCE)
    assert alive == []
    assert parent.wait() == signal.SIGKILL
