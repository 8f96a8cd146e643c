"""`./dev listen`, `trigger` and `escrow show` beside a service that runs."""

import asyncio
import contextlib
import io
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
import pytest_asyncio
from rich.console import Console

from danbao_client import AsyncDanbao, problems
from runtime.demo.merchant import new_merchant
from runtime.embedded.places import inherited
from runtime.engineer.access import Access, Impossible
from runtime.engineer.escrow import show
from runtime.engineer.trigger import trigger
from runtime.stack import ROOT, Stack

#: Seconds for whatever a slow machine may take.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Engineer:
    """Somebody with a key, at a terminal."""

    danbao: AsyncDanbao
    access: Access

    async def triggers(self, kind: str, said: str = "") -> str:
        """Everything that `./dev trigger` prints. Raises DanbaoError, Impossible."""
        console = Console(record=True, width=200, file=io.StringIO())
        await trigger(self.access, kind, said, console)
        return console.export_text()

    async def sees(self, said: str) -> str:
        """Everything that `./dev escrow show` prints."""
        console = Console(record=True, width=200, file=io.StringIO())
        await show(self.access, said, console)
        return console.export_text()

    @contextlib.asynccontextmanager
    async def listening(self, forward: str = "") -> AsyncIterator[asyncio.StreamReader]:
        """`./dev listen` runs inside; its lines. Ctrl-C afterwards."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "runtime.engineer.listen", forward, "0"),
            cwd=ROOT,
            env={
                **inherited(os.environ),
                "PYTHONPATH": str(ROOT / "client"),
                "DANBAO_URL": self.access.api_url,
                "DANBAO_API_KEY": self.access.api_key,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await line(process.stdout, "Ctrl-C ends it")
        yield process.stdout
        process.send_signal(2)
        _, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()


async def line(lines: asyncio.StreamReader, having: str) -> str:
    """The next line with `having`."""
    async with asyncio.timeout(PATIENCE):
        while having not in (said := (await lines.readline()).decode()):
            assert said, f"it ended before it said {having}"
    return said


@pytest_asyncio.fixture
async def engineer(stack: Stack) -> AsyncIterator[Engineer]:
    """Of a new merchant whom nobody tells anything yet."""
    merchant = await new_merchant(stack, f"Engineers {secrets.token_hex(2)}", "")
    ui = f"{stack.at.temporal_ui_url}/namespaces/default"
    access = Access(stack.at.api_url, merchant.api_key, ui)
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield Engineer(AsyncDanbao(access.api_url, access.api_key, http=http), access)


async def newest(engineer: Engineer) -> str:
    return (await engineer.danbao.escrows.page(limit=1)).data[0].id


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("escrow.reminder", "awaiting_confirmation"),
        ("escrow.refunded", "refunded"),
        ("escrow.released", "completed"),
        ("escrow.dispute.updated", "disputed"),
    ],
)
async def test_an_event_is_made_to_happen_in_a_purchase_of_its_own(
    engineer: Engineer, kind: str, status: str
) -> None:
    said = await engineer.triggers(kind)
    escrow = await engineer.danbao.escrows.get(await newest(engineer))
    assert escrow.status == status
    events = {event.id: event.type for event in await engineer.danbao.escrows.events(escrow.id)}
    [told] = re.findall(r"evt_\w+", said)
    assert events[told] == kind


async def test_a_purchase_goes_on_from_where_it_is_and_listeners_hear_it(
    engineer: Engineer,
) -> None:
    async with engineer.listening() as lines:
        await engineer.triggers("escrow.paid")
        assert "verified" in await line(lines, "escrow.paid")
        escrow_id = await newest(engineer)
        said = await engineer.triggers("escrow.shipped", escrow_id)
        assert "pay" not in said
        assert "answered 204" in await line(lines, "escrow.shipped")
        # The third time it is told again, not made to happen again.
        said = await engineer.triggers("escrow.paid", escrow_id)
        assert "happened already: told again at 1 endpoint" in said
        assert "verified" in await line(lines, "escrow.paid")
    assert await engineer.danbao.webhook_endpoints.list() == ()


async def test_what_is_heard_is_passed_on_with_its_signature(
    engineer: Engineer, stack: Stack
) -> None:
    """The shop has another secret: its 401 is seen, and is what Danbao hears."""
    async with engineer.listening(f"{stack.at.shop_url}/webhooks") as lines:
        await engineer.triggers("escrow.paid")
        assert "/webhooks answered 401" in await line(lines, "escrow.paid")


async def test_a_target_that_is_away_is_seen(engineer: Engineer) -> None:
    async with engineer.listening("http://127.0.0.1:1/") as lines:
        await engineer.triggers("escrow.paid")
        assert "ConnectError, answered 502" in await line(lines, "escrow.paid")


async def test_a_forged_notice_is_shown_as_one(engineer: Engineer) -> None:
    async with engineer.listening() as lines:
        [hook] = await engineer.danbao.webhook_endpoints.list()
        async with httpx2.AsyncClient(trust_env=False) as forger:
            answer = await forger.post(hook.url, json={"type": "escrow.paid"})
        assert answer.status_code == 401
        assert await line(lines, "not verified")


async def test_what_cannot_be_triggered_is_said(engineer: Engineer) -> None:
    with pytest.raises(Impossible, match=r"escrow\.delivered cannot be triggered"):
        await engineer.triggers("escrow.delivered")
    await engineer.triggers("escrow.closed")
    closed = await newest(engineer)
    with pytest.raises(Impossible, match="leave --escrow out"):
        await engineer.triggers("escrow.reminder", closed)
    with pytest.raises(problems.Refused):
        await engineer.triggers("escrow.refunded", closed)
    with pytest.raises(problems.NotFound):
        await engineer.triggers("escrow.paid", f"esc_{'0' * 32}")


async def test_a_purchase_is_shown_by_its_id_or_its_order(engineer: Engineer) -> None:
    await engineer.triggers("escrow.shipped")
    escrow = await engineer.danbao.escrows.get(await newest(engineer))
    for said in (escrow.id, escrow.order_id):
        shown = await engineer.sees(said)
        assert "the buyer: confirm receipt" in shown
        assert "the money is released to the merchant" in shown
        assert f"/namespaces/default/workflows/{escrow.id}" in shown
        assert "carrier SF Express" in shown
    with pytest.raises(Impossible, match="has no order NOBODYS"):
        await engineer.sees("NOBODYS")
