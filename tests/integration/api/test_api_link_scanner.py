"""A link scanner follows every link of every page by GET and HEAD, and nothing happens."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from tests.conftest import Temporal
from tests.integration.api.complaint import complain, png, say, show
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.strangers import COUNTS
from tests.integration.api.test_merchant_console import Clerk
from tests.workflows.parts import ScriptedBank

#: Links, and also where forms and scripts would go: a scanner does not know better.
POINTS = re.compile(r'(?:href|action|data-follow|data-here|src)="([^"]*)"')
STAGES = (
    "awaiting_payment",
    "paying",
    "awaiting_shipment",
    "awaiting_confirmation",
    "disputed",
    "arbitration",
    "withdrawn",
    "completed",
    "refunded",
    "closed",
)


@pytest_asyncio.fixture
async def scanner(served: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody's preview with the buyer's cookies: follows redirects, presses nothing."""
    async with httpx2.AsyncClient(
        base_url=served, timeout=40, trust_env=False, follow_redirects=True
    ) as client:
        yield client


async def brought_to(
    stage: str, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> dict[str, Any]:
    if stage in ("awaiting_payment", "paying", "closed"):
        escrow = await shop.create()
        path, buyer = f"/v1/escrows/{escrow['id']}", token_of(escrow)
        if stage == "paying":
            choice = {"bank": "sandbox", "method": "online_banking"}
            await shop.post(f"{path}/payment", choice, token=buyer)
        if stage == "closed":
            await shop.post(f"{path}/cancellation", token=buyer)
            return await until(shop, escrow, "closed")
        return escrow
    if stage in ("awaiting_shipment", "refunded"):
        escrow = await paid(shop, teller, temporal)
        if stage == "refunded":
            await shop.post(f"/v1/escrows/{escrow['id']}/refunds", {"amount": escrow["amount"]})
            await temporal.client.get_workflow_handle(escrow["id"]).result()
        return escrow
    escrow = await shipped(shop, teller, temporal)
    path, buyer = f"/v1/escrows/{escrow['id']}", token_of(escrow)
    if stage in ("disputed", "arbitration", "withdrawn"):
        await complain(shop, escrow)
        await say(shop, escrow, "It has a hole.", token=buyer)
        await show(shop, escrow, png(), token=buyer)
    if stage == "arbitration":
        await shop.post(f"{path}/dispute/answer", {"answer": "contest"})
    if stage == "withdrawn":
        await shop.post(f"{path}/dispute/withdrawal", token=buyer)
    if stage == "completed":
        await shop.post(f"{path}/receipt", token=buyer)
        await temporal.client.get_workflow_handle(escrow["id"]).result()
    return escrow


async def rows(engine: AsyncEngine, escrow: dict[str, Any]) -> dict[str, list[str]]:
    """Every row, in every table, that speaks of this purchase."""
    found: dict[str, list[str]] = {}
    async with engine.connect() as connection:
        for table in sorted(set(SQLModel.metadata.tables) - COUNTS):
            query = f"""
                SELECT row::text FROM "{table}" AS row WHERE row::text LIKE :said ORDER BY 1
            """  # noqa: S608
            about = {"said": f"%{escrow['id'].removeprefix('esc_')}%"}
            found[table] = list(await connection.scalars(text(query), about))
    return found


async def scan(http: httpx2.AsyncClient, *starts: str) -> set[str]:
    """Every address that was opened, by GET and by HEAD, from `starts` on."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        if "/changes" not in address:
            await http.request("HEAD", address)
        answer = await _opened(http, address)
        assert answer.status_code < 500, address
        for found in POINTS.findall(answer.text):
            target = urlsplit(urljoin(str(answer.url), unescape(found)))
            if target.netloc == urlsplit(str(http.base_url)).netloc:
                waiting.append(f"{target.path}?{target.query}" if target.query else target.path)
    return seen


async def _opened(http: httpx2.AsyncClient, address: str) -> httpx2.Response:
    """A stream of changes never ends by itself: its beginning is enough."""
    async with http.stream("GET", address) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            await answer.aread()
            return answer
    return httpx2.Response(200, text="", request=answer.request)


@pytest.mark.parametrize("stage", STAGES)
async def test_who_follows_every_link_and_presses_nothing_changes_nothing(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    scanner: httpx2.AsyncClient,
    engine: AsyncEngine,
    stage: str,
) -> None:
    escrow = await brought_to(stage, shop, teller, temporal)
    before = await rows(engine, escrow)
    assert before["escrow"]
    assert before["transition"]
    seen = await scan(
        scanner, urlsplit(escrow["checkout_url"]).path, urlsplit(escrow["order_url"]).path
    )
    assert {f"/orders/{escrow['id']}/receipt", f"/orders/{escrow['id']}/problem"} <= seen or (
        stage not in ("awaiting_confirmation", "withdrawn")
    )
    assert f"/orders/{escrow['id']}/withdrawal" in seen or stage not in ("disputed", "arbitration")
    assert await rows(engine, escrow) == before


async def test_the_console_is_looked_at_only_too(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    scanner: httpx2.AsyncClient,
    engine: AsyncEngine,
) -> None:
    escrow = await brought_to("disputed", shop, teller, temporal)
    clerk = Clerk(scanner)
    await clerk.sign_in(shop.key)
    before = await rows(engine, escrow)
    seen = await scan(scanner, "/merchant")
    assert f"/merchant/orders/{escrow['id']}/acceptance" in seen
    assert f"/merchant/orders/{escrow['id']}/contest" in seen
    assert await rows(engine, escrow) == before
