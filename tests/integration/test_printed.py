"""What README and guides print works as printed, on a whole stack, with people where people act."""

import asyncio
import contextlib
import io
import os
import re
import subprocess
import sys
from code import InteractiveConsole
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.demo.browser import Browser
from runtime.demo.merchant import NewMerchant, new_merchant
from runtime.demo.purchase import CODE, CUSTOMER, PASSWORD
from runtime.stack import ROOT, Stack
from workflows.late import LatePayment

PAGES = {
    name: (ROOT / path).read_text()
    for name, path in (
        ("readme", "README.md"),
        ("quickstart", "docs/quickstart.md"),
        ("idempotency", "docs/guides/idempotency.md"),
        ("refunds", "docs/guides/refunds.md"),
        ("testing", "docs/guides/testing.md"),
        ("personal data", "docs/concepts/personal-data.md"),
        ("review", "docs/operating/review.md"),
    )
}
API, KEY = "http://127.0.0.1:8800", "ek_test_..."


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], flags=re.M | re.S)


class Console(InteractiveConsole):
    """Python's own, to paste into; what goes wrong is raised."""

    def showtraceback(self) -> None:
        raise

    def showsyntaxerror(self, filename: str | None = None) -> None:
        raise


def pasted(program: str, names: dict[str, Any]) -> None:
    console = Console(names)
    for line in [*program.splitlines(), ""]:
        console.push(line)


@dataclass(frozen=True)
class Reader:
    """Somebody who types what a page says, and does what it asks."""

    api: str
    key: str
    folder: Path
    names: dict[str, Any] = field(default_factory=dict)

    def filled_in(self, printed: str) -> str:
        return printed.replace(API, self.api).replace(KEY, self.key)

    async def python(self, program: str) -> str:
        """What it prints; the next program knows its names."""
        said = io.StringIO()
        if "Danbao(" in program:
            self.leaves()
        with contextlib.redirect_stdout(said):
            await asyncio.to_thread(pasted, self.filled_in(program), self.names)
        return said.getvalue()

    def leaves(self) -> None:
        if client := self.names.pop("danbao", None):
            client.close()

    async def shell(self, script: str) -> list[str]:
        """The lines it prints."""
        done = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-euo", "pipefail", "-c", self.filled_in(script)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [line.strip() for line in done.stdout.splitlines()]

    async def pays(self, link: str) -> str:
        """As the page says: online banking, and whatever the bank's page says at the end."""
        async with Browser() as browser:
            page = await browser.open(link.strip())
            page = await browser.press(page, "sandbox/online_banking")
            page = await browser.press(page, "/sign-in", customer=CUSTOMER, password=PASSWORD)
            return (await browser.press(page, "/confirm", code=CODE)).text

    async def confirms(self, link: str) -> None:
        async with Browser() as browser:
            order = await browser.open(link.strip())
            page = await browser.open(f"{order.url}/receipt")
            [word] = re.findall(r"type the last characters of your order number: (\w+)", page.text)
            await browser.press(page, "/receipt", typed=word)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def merchant(server_home: Path) -> AsyncIterator[tuple[Stack, NewMerchant]]:
    stack = Stack(server_home / "printed", environ={})
    async with stack.running():
        yield stack, await new_merchant(stack, "Curl & Sons", "http://127.0.0.1:1/")


@pytest.fixture
def reader(merchant: tuple[Stack, NewMerchant], tmp_path: Path) -> Iterator[Reader]:
    stack, made = merchant
    reader = Reader(stack.at.api_url, made.api_key, tmp_path)
    yield reader
    reader.leaves()


async def test_the_readmes_walk_through(reader: Reader) -> None:
    first, second = blocks("readme", "sh")[1:]
    [link] = await reader.shell(first)
    assert link.startswith(f"{reader.api}/pay/")
    await reader.pays(link)
    # Its first lines stand for the same terminal; the purchase is there already.
    said = await reader.shell(f"{first}{second}")
    assert said[1] == "awaiting_confirmation"
    assert said[-1] == "completed"


async def test_a_wrong_key_is_said_by_the_walk_through(reader: Reader) -> None:
    first, _ = blocks("readme", "sh")[1:]
    stranger = Reader(reader.api, "ek_test_nobody", reader.folder)
    with pytest.raises(AssertionError, match="invalid_api_key"):
        await stranger.shell(first)


async def test_the_quickstart(reader: Reader) -> None:
    create, paid, ship, done = blocks("quickstart", "python")
    link = await reader.python(create)
    # Twice is once: the page says that it is safe.
    assert await reader.python(create) == link
    await reader.pays(link)
    assert await reader.python(paid) == "12900 0\n"
    status, order_url = (await reader.python(ship)).splitlines()
    assert status.startswith("awaiting_confirmation 20")
    await reader.confirms(order_url)
    assert [await reader.python(done)] == blocks("quickstart", "text")


async def test_the_guide_to_repeating(reader: Reader) -> None:
    [script] = blocks("idempotency", "sh")
    [said] = blocks("idempotency", "text")
    assert await reader.shell(script) == said.splitlines()


async def test_the_guide_to_refunds(reader: Reader) -> None:
    start, _ = blocks("quickstart", "python")[0].split("escrow =")
    create, *programs = blocks("refunds", "python")
    await reader.pays(await reader.python(start + create))
    said = [await reader.python(program) for program in programs]
    assert said == blocks("refunds", "text")


async def test_the_guide_to_testing(reader: Reader) -> None:
    start, _ = blocks("quickstart", "python")[0].split("escrow =")
    await reader.python(start)
    decline, declined, silent, released = blocks("testing", "python")
    assert "card has expired" in await reader.pays(await reader.python(decline))
    said = [await reader.python(declined)]
    await reader.pays(await reader.python(silent))
    assert [*said, await reader.python(released)] == blocks("testing", "text")


@pytest.mark.parametrize("query", re.findall(r"^\| [^|]+ \| `(.*)` \|$", PAGES["review"], re.M))
async def test_a_query_for_operators_is_understood(
    query: str, merchant: tuple[Stack, NewMerchant]
) -> None:
    address = merchant[0].parts["worker"].process.env["TEMPORAL_ADDRESS"]
    client = await Client.connect(address)
    found = await client.count_workflows(query.replace("mer_…", merchant[1].id))
    assert found.count < 100
    with pytest.raises(RPCError, match="invalid"):
        await client.count_workflows(query.replace(" = ", "Misspelt = ", 1))


def typed(stack: Stack, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What an operator types, with the commands of this environment and the worker's settings."""
    given = {**os.environ, **stack.parts["worker"].process.env, **env}
    given["PATH"] = f"{Path(sys.executable).parent}:{given['PATH']}"
    return subprocess.run(
        ["bash", "-c", script], env=given, capture_output=True, text=True, check=False
    )


def test_what_operators_type(merchant: tuple[Stack, NewMerchant]) -> None:
    looked, settled = [
        typed(merchant[0], script, LATE="late:none:payment:1") for script in blocks("review", "sh")
    ]
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "workflow not found for ID: late:none:payment:1" in settled.stderr
    assert "settled_by_hand" in vars(LatePayment)


async def test_a_history_is_read_through_the_codec(
    reader: Reader, merchant: tuple[Stack, NewMerchant]
) -> None:
    stack, _ = merchant
    create = blocks("quickstart", "python")[0]
    await reader.python(create.replace("Q-1001", "P-1001"))
    [shown] = blocks("personal data", "sh")
    script = shown.replace("esc_…", reader.names["escrow"].id)
    script = script.replace(":8830", f":{stack.at.codec_port}")
    token = stack.parts["codec"].process.env["DANBAO_CODEC_TOKEN"]
    said = typed(stack, script, DANBAO_CODEC_TOKEN=token)
    assert "order P-1001" in said.stdout, said.stderr
