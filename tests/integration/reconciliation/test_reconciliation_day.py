"""A bank's day on a real server: read once, whatever dies, and whoever it concerns is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.funding import Funding
from banks.operations import Operations
from banks.port import Deducted, Operation, Order, Refunded, Returned, Settled, Unheard
from domain.accounts import Code
from domain.terms import Funding as Mode
from reconciliation.port import Matched
from reconciliation.shown import Shown
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.integration.reconciliation.desk import Desk, entry
from tests.integration.reconciliation.readers import Readers
from tests.workflows.parts import ScriptedBank


@pytest_asyncio.fixture(scope="session")
async def client(server_home: Path) -> AsyncIterator[Client]:
    server = TemporalServer(
        server_home / "temporal-reconciliation", keep=False, dynamic_config=TIME_SKIPPING
    )
    await server.start()
    yield await server.client("tests")
    await server.stop()


@pytest.fixture
def readers(client: Client, desk: Desk) -> Readers:
    return Readers(client, desk)


async def test_a_round_reads_what_a_bank_has_announced_once(readers: Readers) -> None:
    desk = readers.desk
    paid, lost = await desk.did("payment", 700), await desk.did("refund", 300)
    statement = desk.statement(entry(paid, 700), entry("somebody", 5))
    readers.source.statements = [statement, statement]
    readers.source.silent = 1
    async with readers.at_work():
        assert len(set(await readers.look())) == 1
        assert await readers.day().result() == Matched(0, 1, 2)
        await readers.look()
        await readers.day().result()
        assert await readers.look() == []
    assert {kind for kind, *_ in await desk.breaks()} == {"missing_ours", "timing"}
    assert (await desk.breaks())[1][1] == lost
    assert await desk.standing(Code.BANK_CASH) == 705


async def test_a_worker_that_dies_between_pages_goes_on_where_it_was(readers: Readers) -> None:
    desk = readers.desk
    entries = [entry(await desk.did("payment", 10), 10) for _ in range(5)]
    readers.source.statements = [desk.statement(*entries)]
    whole = readers.books.match

    async def dies(file_id: str, most: int) -> Matched:
        """Committed, and nobody hears of it; and a page is two lines."""
        page = await whole(file_id, 2)
        if page.upto == 2:
            raise ConnectionError
        return page

    readers.books.match = dies  # type: ignore[method-assign]
    async with readers.at_work():
        await readers.look()
        await readers.day().result()
    assert len(await desk.matches()) == 5
    assert await desk.standing(Code.BANK_CASH) == 50


async def test_the_purchase_asks_its_bank_when_the_statement_knows_more(
    readers: Readers, client: Client
) -> None:
    desk = readers.desk
    open_one = await desk.did("payment", 700, state="pending", answer={"kind": "pending"})
    subject = open_one.split(":")[0]
    readers.source.statements = [desk.statement(entry(open_one, 700))]
    # Nobody runs this queue: what is told stands in the history.
    handle = await client.start_workflow("Escrow", id=subject, task_queue="nobody")
    async with readers.at_work():
        await readers.look()
        await readers.day().result()
    heard = [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    await handle.terminate()
    assert heard == ["bank_reported"]


@pytest.mark.parametrize(
    ("operation", "signed", "truth"),
    [
        (Operation.PAYMENT, 700, Deducted(700)),
        (Operation.DEDUCT, 700, Deducted(700)),
        (Operation.REFUND, -700, Refunded(700)),
        (Operation.REMIT, -700, Settled(700)),
    ],
)
async def test_what_the_bank_does_not_tell_its_statement_decides(
    desk: Desk, engine: AsyncEngine, operation: Operation, signed: int, truth: object
) -> None:
    reference = await desk.did(operation.value, 700, state="sending")
    order = Order(
        desk.bank, operation, reference, reference.split(":")[0], "mer", 700, desk.currency,
        funding=Mode.DEDUCT,
    )  # fmt: skip
    bank = ScriptedBank()
    bank.silences["find", reference] = 1
    funding = Funding({desk.bank: bank}, Operations(engine), str, Shown(engine))
    await desk.read(entry(reference, signed))
    assert await ActivityEnvironment().run(funding.find_payment, order) == truth
    assert await ActivityEnvironment().run(funding.find_payment, order) == truth
    if operation is Operation.REMIT:
        await desk.read(entry(reference, 700, returned="AC04"))
        assert await Shown(engine)(order) == Returned(700, "AC04")


async def test_what_no_statement_shows_stays_unknown(desk: Desk, engine: AsyncEngine) -> None:
    reference = await desk.did("refund", 700, state="sending")
    order = Order(
        desk.bank, Operation.REFUND, reference, "esc", "mer", 700, desk.currency,
        funding=Mode.DEDUCT,
    )  # fmt: skip
    funding = Funding({desk.bank: ScriptedBank()}, Operations(engine), str, Shown(engine))
    assert await ActivityEnvironment().run(funding.find_payment, order) == Unheard()
