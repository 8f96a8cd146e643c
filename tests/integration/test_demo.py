"""`./dev demo` fills its shop: what a visitor finds, the first time and the second."""

import re
from collections.abc import AsyncIterator
from io import StringIO

import pytest
import pytest_asyncio
from rich.console import Console
from sqlalchemy import text

from runtime.database import engine
from runtime.demo.board import to_pay
from runtime.demo.browser import Browser
from runtime.demo.front import show, the_merchant, the_operators
from runtime.demo.merchant import NewMerchant, NewOperator
from runtime.demo.progress import Progress
from runtime.demo.purchase import Buyer
from runtime.demo.shop import Escrow, Shop
from runtime.stack import Stack

STATEMENTS = text("""
    SELECT count(*) FILTER (WHERE finished_at IS NOT NULL) AS finished,
           coalesce(sum(lines), 0) AS lines,
           (SELECT count(*) FROM reconciliation_break) AS breaks
    FROM statement_file
""")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("demo") / "home", environ={})
    async with stack.running():
        yield stack
    stack.remove()


async def said(stack: Stack, merchant: NewMerchant, staff: list[NewOperator]) -> str:
    """What the demo prints when its shop is ready."""
    progress, printed = Progress(quiet=True), StringIO()
    progress.console = Console(file=printed, width=200)
    await show(stack, merchant, staff, progress)
    return printed.getvalue()


async def statements(stack: Stack) -> tuple[int, int, int]:
    """Statements that were read to their end, their lines, and breaks."""
    pool = engine(stack.at.app_url, pool_size=1)
    async with pool.connect() as connection:
        row = (await connection.execute(STATEMENTS)).one()
    await pool.dispose()
    return row.finished, row.lines, row.breaks


def offered(printed: str) -> str:
    found = re.search(r"Pay this one +(\S+)", printed)
    assert found
    return found[1]


def named(orders: list[Escrow], order_id: str) -> Escrow:
    return next(one for one in orders if one["order_id"] == order_id)


async def test_a_visitor_finds_something_of_everything(stack: Stack) -> None:
    merchant, staff = await the_merchant(stack), await the_operators(stack)
    first = await said(stack, merchant, staff)
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        orders = await shop.orders()
        # Not the one whose buyer is at the bank's page already.
        teapot = named(orders, "T-1001")
        assert offered(first) == teapot["checkout_url"]
        assert named(orders, "T-1002")["status"] == "awaiting_payment"

        quarrel = named(orders, "T-1009")["id"]
        evidence = (await shop.read(f"/v1/escrows/{quarrel}/dispute/evidence"))["data"]
        assert [one["media_type"] for one in evidence if one["kind"] == "file"] == ["image/png"]

        (payout,) = (await shop.read("/v1/payouts"))["data"]
        assert payout["status"] == "settled"
        finished, lines, breaks = await statements(stack)
        assert (finished, breaks) == (1, 0)
        assert lines > len(orders) // 2

        assert offered(await said(stack, merchant, staff)) == teapot["checkout_url"]
        async with Browser() as browser:
            await Buyer(shop, browser).pay(teapot)
        await shop.until(teapot["id"], "awaiting_shipment")
        again = await said(stack, merchant, staff)
        fresh = to_pay(await shop.orders())
        assert fresh is not None
        assert offered(again) == fresh["checkout_url"] != teapot["checkout_url"]
    # The day is ended once, when the shop is filled: the books of a shop in use are its own.
    assert await statements(stack) == (finished, lines, breaks)
