"""What a buyer entrusts to us stays in PostgreSQL: not in Temporal's files, a log or a metric.

One purchase goes well and one badly, on real processes: a command is refused, an activity fails, a
notice is answered with an error that quotes the buyer. Then every file is read byte by byte. Each
kind of place first proves that it would have shown the canaries: it shows something of the same
purchases that was not encrypted.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from runtime.database import engine
from runtime.demo.browser import Browser
from runtime.demo.merchant import new_merchant
from runtime.demo.purchase import CODE, PRICE, Buyer
from runtime.demo.shop import Escrow, Refused, Shop
from runtime.demo.wallet import sign_in
from runtime.embedded.places import LOOPBACK
from runtime.stack import Stack
from runtime.temporal import connect
from tests.integration.webhooks.sink import OK, Sink, answer, listening

_ID = uuid4().hex[:10]
EMAIL = f"canary-{_ID}@buyer.example"
ADDRESS = f"canary lane {_ID}"
#: Typed at the bank's page; no other page of ours ever sees one.
CARD = "6200 0000 0000 0005"
#: What a careless shop may write where it does not belong.
TRACKING = f"card 4000-0012-3456-7899 of {ADDRESS}"
CANARIES = {
    "the e-mail address": EMAIL,
    "the address": ADDRESS,
    "the card": CARD,
    "the card without spaces": CARD.replace(" ", ""),
    "a card in a free text": "4000-0012-3456-7899",
}
#: Not encrypted on purpose: whoever does not find it is blind.
PLANTED = f"planted-{_ID}"


@dataclass(frozen=True)
class Left:
    """What one day of trade left behind, and the purchases that it was about."""

    good: str
    bad: str
    database: dict[str, bytes]
    logs: dict[str, bytes]
    metrics: dict[str, bytes]
    rows: list[str]

    @property
    def everywhere(self) -> dict[str, bytes]:
        return self.database | self.logs | self.metrics


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def left(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Left]:
    debug = {"DANBAO_LOG_LEVEL": "debug"}
    home = tmp_path_factory.mktemp("canary") / "home"
    stack = Stack(home, environ={}, extra={"api": debug, "worker": debug})
    async with stack.running(), listening() as sink:
        sink.says = [answer(500, body=f"no customer {EMAIL}, {ADDRESS}".encode()), OK]
        good, bad = await trade(stack, sink)
        await plant(stack)
        metrics = await scraped(stack)
        rows = await kept(stack, good)
    # Stopped: what was in memory is in the files now.
    yield Left(good, bad, files(home / "temporal"), files(stack.logs), metrics, rows)
    stack.remove()


async def trade(stack: Stack, sink: Sink) -> tuple[str, str]:
    merchant = await new_merchant(stack, "Canary & Sons", sink.url)
    async with Shop(stack.at.api_url, merchant.api_key) as shop:
        good = await paid(stack, shop)
        async with Browser() as browser:
            bought = await sign_in(browser, stack.at, EMAIL)
            assert ADDRESS in bought.text
        path = f"/v1/escrows/{good['id']}/shipment"
        shipment = {"carrier": "SF", "tracking": TRACKING}
        await shop.command(path, dict(shipment))
        with pytest.raises(Refused, match="409"):
            await shop.command(path, dict(shipment))
        async with Browser() as browser:
            await Buyer(shop, browser).confirm(good)
        await shop.until(good["id"], "completed")
        return str(good["id"]), str((await refunded_by_a_dead_bank(stack, shop))["id"])


async def paid(stack: Stack, shop: Shop) -> Escrow:
    body = {
        "order_id": f"order-{_ID}",
        "amount": PRICE,
        "currency": "CNY",
        "description": f"boots to {ADDRESS}",
        "items": [{"name": f"for {EMAIL}", "amount": PRICE}],
        "buyer": {"email": EMAIL},
        "return_url": f"https://shop.example/{ADDRESS.replace(' ', '/')}",
    }
    escrow = await shop.command("/v1/escrows", body)
    async with Browser() as browser:
        page = await Buyer(shop, browser).at_bank(escrow, "card")
        page = await browser.press(page, "/card", number=CARD, expiry="04/39", cvc="737")
        await browser.press(page, "/confirm", code=CODE)
    return await shop.until(escrow["id"], "awaiting_shipment")


async def refunded_by_a_dead_bank(stack: Stack, shop: Shop) -> Escrow:
    """The activity that moves the money fails, and then does not."""
    escrow = await paid(stack, shop)
    stack.kill("bank")
    await shop.command(f"/v1/escrows/{escrow['id']}/refunds", {"amount": PRICE})
    await stack.start("bank")
    refunded = await shop.until(escrow["id"], "refunded")
    while refunded["returning"]:
        refunded = await shop.until(escrow["id"], "refunded")
    return refunded


async def plant(stack: Stack) -> None:
    """A workflow by somebody who encrypts nothing, for a worker that does not exist."""
    careless = await connect("careless", address=stack.at.temporal_address)
    await careless.start_workflow("Nobody", PLANTED, id="nobody", task_queue="nobody")


async def scraped(stack: Stack) -> dict[str, bytes]:
    worker = stack.parts["worker"].process
    temporal = stack.parts["temporal"].process.argv
    ports = {
        "api": str(stack.at.api_port),
        "worker": worker.env["DANBAO_WORKER_HEALTH_PORT"],
        "worker's sdk": worker.env["DANBAO_METRICS_PORT"],
        "temporal": temporal[temporal.index("--metrics-port") + 1],
    }
    async with httpx2.AsyncClient(trust_env=False) as http:
        return {
            f"metrics of {name}": (await http.get(f"http://{LOOPBACK}:{port}/metrics")).content
            for name, port in ports.items()
        }


async def kept(stack: Stack, escrow_id: str) -> list[str]:
    """What PostgreSQL holds of the purchase."""
    pool = engine(stack.at.owner_url, pool_size=1)
    query = text(
        "SELECT buyer_email, description, items::text FROM checkout WHERE escrow_id = :id"
        " UNION ALL SELECT '', name, detail::text FROM transition WHERE escrow_id = :id"
    )
    try:
        async with pool.connect() as connection:
            return [str(row) for row in await connection.execute(query, {"id": escrow_id})]
    finally:
        await pool.dispose()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def disguises(canary: str) -> Iterator[bytes]:
    """As it is, in hexadecimal, and in base64 wherever it begins."""
    plain = canary.encode()
    yield plain
    yield plain.hex().encode()
    for before in range(3):
        yield b64encode(bytes(before) + plain)[4 if before else 0 : -4]


def found(where: dict[str, bytes], canary: str) -> list[str]:
    return [
        f"{name}: {disguise!r}"
        for name, content in where.items()
        for disguise in disguises(canary)
        if disguise in content
    ]


def test_what_a_buyer_entrusts_to_us_is_in_postgresql(left: Left) -> None:
    kept = "".join(left.rows)
    assert all(canary in kept for canary in (EMAIL, ADDRESS, TRACKING))


@pytest.mark.parametrize("what", CANARIES)
def test_it_is_nowhere_else(left: Left, what: str) -> None:
    assert found(left.everywhere, CANARIES[what]) == []


def test_temporals_files_would_have_shown_it(left: Left) -> None:
    assert "temporal.db" in left.database
    for plain in (PLANTED, f"order-{_ID}", left.good, left.bad):
        assert found(left.database, plain)


def test_logs_would_have_shown_it(left: Left) -> None:
    """The very lines are there: a failed activity with its traceback, requests, a refusal."""
    assert {"api.log", "worker.log", "bank.log", "codec.log", "temporal.log"} <= set(left.logs)
    assert re.search(
        rb"Completing activity as failed.*%b" % left.bad.encode(), left.logs["worker.log"]
    )
    assert b"OutcomeUnknown" in left.logs["worker.log"]
    assert b'"route": "/v1/escrows/{escrow_id}/shipment"' in left.logs["api.log"]
    assert b'"status": 409' in left.logs["api.log"]


def test_metrics_would_have_shown_it(left: Left) -> None:
    assert b'route="/v1/escrows/{escrow_id}/shipment"' in left.metrics["metrics of api"]
    assert b"temporal_activity_execution_failed" in left.metrics["metrics of worker's sdk"]
    assert all(left.metrics.values())


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_the_search_knows_a_canary_in_disguise(before: bytes) -> None:
    encoded = b64encode(before + EMAIL.encode() + b" and more")
    for hidden in (before + EMAIL.encode(), encoded, EMAIL.encode().hex().encode()):
        assert found({"somewhere": hidden}, EMAIL)
