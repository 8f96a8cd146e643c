"""The ledger's upkeep on its schedule: real Temporal, a ledger of its own that may be spoilt."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionResult,
    ScheduleActionStartWorkflow,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ApplicationError

from activities.audit import Audit
from activities.upkeep import Upkeep
from domain.accounts import SUSPENSE, Code
from ledger import upkeep
from runtime.audit import TRUTHS, inspect
from runtime.database import engine as pool
from runtime.database import migrate
from runtime.embedded.places import LOOPBACK, free_ports
from runtime.embedded.postgres import SUPERUSER, PostgresServer
from runtime.temporal import connect, metered_runtime
from tests.conftest import Temporal
from tests.integration.ledger.books import CURRENCY, Books, fresh
from worker import upkeep_worker
from workflows.audit import BooksAudit, schedule_audit
from workflows.names import HOURLY_AUDIT, HOURLY_UPKEEP, NIGHTLY_UPKEEP
from workflows.upkeep import Kept, LedgerUpkeep, Round, schedule_upkeep

SPOIL = "UPDATE transfer SET amount = amount + 1 WHERE name = 'test'"


@dataclass(frozen=True, slots=True)
class House:
    """A ledger with somebody who looks after it, and its metrics' address."""

    books: Books
    almighty: AsyncEngine
    client: Client
    queue: str
    metrics: str

    async def round(self, *, whole: bool = False) -> Kept:
        """One round, now. Raises WorkflowFailureError."""
        name = f"upkeep:{uuid4().hex}"
        this = Round(whole)
        return await self.client.execute_workflow(
            LedgerUpkeep.run, this, id=name, task_queue=self.queue
        )

    async def measured(self, name: str, labels: str = "") -> str:
        """The value of a metric."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            lines = (await http.get(self.metrics)).text.splitlines()
        (found,) = [line for line in lines if line.startswith(f"{name}{{") and labels in line]
        return found.rsplit(" ", 1)[1]

    async def audit(self) -> str:
        """The daily truths, now. Raises WorkflowFailureError."""
        name = f"audit:{uuid4().hex}"
        return await self.client.execute_workflow(BooksAudit.run, id=name, task_queue=self.queue)

    async def spoil(self) -> None:
        """What somebody could do whom no grant and no trigger stops."""
        async with self.almighty.begin() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(SPOIL))


@pytest_asyncio.fixture
async def house(postgres: PostgresServer, temporal: Temporal) -> AsyncIterator[House]:
    name = f"danbao_{uuid4().hex}"
    await migrate(await postgres.create_database(name, "danbao_owner", ["danbao_app"]))
    app = pool(postgres.url(name, "danbao_app"))
    almighty = pool(postgres.url(name, SUPERUSER), pool_size=1)
    (port,) = free_ports(0)
    client = await connect(
        "tests", address=temporal.address, runtime=metered_runtime(LOOPBACK, port)
    )
    keeper = upkeep_worker(client, Upkeep(upkeep.Upkeep(app)), Audit(partial(inspect, app)), name)
    async with keeper:
        yield House(Books(app), almighty, client, name, f"http://{LOOPBACK}:{port}/metrics")
    async for schedule in await client.list_schedules():
        await client.get_schedule_handle(schedule.id).delete()
    await app.dispose()
    await almighty.dispose()
    await postgres.drop_database(name)


async def test_a_round_folds_seals_and_publishes_the_head(house: House) -> None:
    merchant = await house.books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    kept = await house.round()
    assert (kept.accounts, kept.head.no) == (2, 1)
    async with house.books.engine.connect() as connection:
        stored = await connection.scalar(text("SELECT encode(hash, 'hex') FROM seal WHERE no = 1"))
    assert stored == kept.head.hash
    assert await house.measured("danbao_ledger_seal") == "1"
    assert await house.measured("danbao_ledger_broken_seals") == "0"
    await house.books.post((merchant, SUSPENSE, 30))
    again = await house.round(whole=True)
    assert (again.accounts, again.head.no) == (2, 2)


async def test_a_broken_seal_is_loud(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """A failed workflow, an error in the log, a metric; and everything else was done before."""
    await house.books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    await house.round()
    await house.spoil()
    await house.books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    with caplog.at_level(logging.ERROR), pytest.raises(WorkflowFailureError) as failed:
        await house.round()
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.message) == ("BrokenSeals", "the ledger was changed: seals [1]")
    assert "THE LEDGER WAS CHANGED" in caplog.text
    assert await house.measured("danbao_ledger_broken_seals") == "1"
    assert await house.measured("danbao_ledger_seal") == "2"


async def test_the_daily_truths_are_metrics(house: House) -> None:
    price = str((await house.books.paid()).terms.amount)
    assert await house.audit() == "everything that must be true of the books is"
    for truth in TRUTHS:
        assert await house.measured("danbao_untrue", f'truth="{truth}"') == "0"
    assert await house.measured("danbao_trial_balance", f'currency="{CURRENCY}"') == "0"
    assert await house.measured("danbao_owed_to_others", f'currency="{CURRENCY}"') == price
    assert await house.measured("danbao_cash_at_banks", f'currency="{CURRENCY}"') == price


async def test_a_truth_that_does_not_hold_is_loud(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    await house.round()
    await house.spoil()
    with caplog.at_level(logging.ERROR), pytest.raises(WorkflowFailureError) as failed:
        await house.audit()
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "NotTrue"
    assert "balances are the sum of their transfers: merchant_payable:" in cause.message
    assert "THE BOOKS ARE WRONG" in caplog.text
    broken = 'truth="balances are the sum of their transfers"'
    assert await house.measured("danbao_untrue", broken) == "2"


async def test_the_audit_is_scheduled_and_stays_paused(house: House) -> None:
    await schedule_audit(house.client, "nobody")
    hourly = house.client.get_schedule_handle(HOURLY_AUDIT)
    (next_time, *_) = (await hourly.describe()).info.next_action_times
    assert next_time.minute == 15
    await hourly.pause(note="by hand")
    await schedule_audit(house.client, house.queue)
    described = await hourly.describe()
    assert described.schedule.state.paused
    assert isinstance(described.schedule.action, ScheduleActionStartWorkflow)
    assert described.schedule.action.task_queue == house.queue


async def test_schedules_are_made_once_kept_up_to_date_and_stay_paused(house: House) -> None:
    await schedule_upkeep(house.client, "nobody")
    await schedule_upkeep(house.client, house.queue)
    hourly = house.client.get_schedule_handle(HOURLY_UPKEEP)
    await hourly.pause(note="by hand")
    await schedule_upkeep(house.client, house.queue)
    described = await hourly.describe()
    assert described.schedule.state.paused
    assert isinstance(described.schedule.action, ScheduleActionStartWorkflow)
    assert described.schedule.action.task_queue == house.queue
    nightly = await house.client.get_schedule_handle(NIGHTLY_UPKEEP).describe()
    (next_time, *_) = nightly.info.next_action_times
    assert (next_time.astimezone(UTC).hour, next_time.minute) == (3, 30)
    assert next_time > datetime.now(UTC)


async def test_a_scheduled_round_knows_the_head_of_the_round_before(house: House) -> None:
    """So that a chain which was written anew, and fits, does not pass for the old one."""
    await schedule_upkeep(house.client, house.queue)
    await house.books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    first = await scheduled(house, 1)
    assert (await first.result()).head.no == 1
    async with house.almighty.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("DELETE FROM seal WHERE no > 0"))
        await connection.execute(text(SPOIL))
    await upkeep.Upkeep(house.books.engine).seal()
    assert await upkeep.Upkeep(house.books.engine).broken(1) == []
    second = await scheduled(house, 2)
    with pytest.raises(WorkflowFailureError) as failed:
        await second.result()
    assert "seals [1]" in str(failed.value.cause)


async def scheduled(house: House, number: int) -> WorkflowHandle[LedgerUpkeep, Kept]:
    """Round number `number` of the nightly schedule, which starts now."""
    nightly = house.client.get_schedule_handle(NIGHTLY_UPKEEP)
    await nightly.trigger()
    rounds: Sequence[ScheduleActionResult] = ()
    while len(rounds) < number:
        await asyncio.sleep(0.1)
        rounds = (await nightly.describe()).info.recent_actions
    started = rounds[-1].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    return house.client.get_workflow_handle_for(LedgerUpkeep.run, started.workflow_id)
