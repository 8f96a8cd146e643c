"""The worker: adapters → activities → workflows. Run `python worker.py [--processes N]`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import (
    Interceptor,
    PollerBehaviorAutoscaling,
    Worker,
    WorkerDeploymentConfig,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.after_sale import AfterSale
from activities.audit import Audit
from activities.batches import Batches
from activities.bookkeeping import Bookkeeping
from activities.clearing import Clearing
from activities.funding import Funding
from activities.notices import Notices
from activities.reconciliation import Reconciliation
from activities.upkeep import Upkeep
from banks.operations import Operations
from banks.port import Bank
from banks.rest import RestBank
from clearing.after_sale import AfterSaleBook
from clearing.runs import Runs
from ledger.book import Book
from ledger.reading import Reading
from ledger.upkeep import Upkeep as Ledger
from reconciliation.shown import Shown
from reconciliation.statements import StatementBooks
from runtime.audit import inspect
from runtime.database import engine as connection_pool
from runtime.health import health_door
from runtime.processes import end_with_parent, together
from runtime.settings import Settings
from runtime.telemetry import configure_logging
from runtime.temporal import connect, metered_runtime
from vault.codec import PurchaseCodec
from vault.errors import VaultError
from vault.keys import Keys
from webhooks.addresses import LIVE, SANDBOX
from webhooks.courier import courier
from webhooks.messenger import WebhookMessenger
from workflows.after_sale import AfterSaleRefund
from workflows.audit import BooksAudit, schedule_audit
from workflows.batch import PayoutBatchWorkflow
from workflows.clearing import ClearingRound, ClearingShard, ClearingWorkflow
from workflows.escrow import EscrowWorkflow
from workflows.late import LatePayment
from workflows.names import BANK_QUEUE, ESCROW_QUEUE, UPKEEP_QUEUE
from workflows.notice import NoticeWorkflow
from workflows.payout import PayoutWorkflow
from workflows.reconciliation import ReconciliationRound, ReconciliationWorkflow
from workflows.schedules import schedule_rounds
from workflows.start import start_escrow
from workflows.upkeep import LedgerUpkeep, schedule_upkeep

#: Long enough for a bank's answer, shorter than a container's usual 30 s before SIGKILL.
GRACE = timedelta(seconds=25)
#: A killed worker's purchases wait this long before another one takes them over.
STICKY = timedelta(seconds=2)
#: A purchase whose API process died between commit and start is started after this long.
SWEEP = timedelta(seconds=10)
BUILD = WorkerDeploymentVersion(deployment_name="danbao", build_id="0.1.0")
#: Our own packages are deterministic where workflows use them; loading them anew in every sandbox
#: costs more than anything else a purchase does.
RESTRICTIONS = SandboxRestrictions.default.with_passthrough_modules(
    "domain", "banks", "ledger", "webhooks", "clearing", "reconciliation", "activities", "workflows"
)

#: PostgreSQL or Temporal is away, or a master key is missing: the next sweep may find it back.
AWAY = (OSError, SQLAlchemyError, RPCError, VaultError)

#: Every workflow of the escrow queue.
STORIES = [
    EscrowWorkflow,
    NoticeWorkflow,
    LatePayment,
    AfterSaleRefund,
    ClearingRound,
    ClearingWorkflow,
    ClearingShard,
    PayoutBatchWorkflow,
    PayoutWorkflow,
    ReconciliationRound,
    ReconciliationWorkflow,
]

log = structlog.get_logger()
Activity = Callable[..., Any]


def activities(funding: Funding, books: Bookkeeping, notices: Notices) -> list[Activity]:
    """What the escrow queue runs: the quick tries, the ledger, the notices."""
    quick: list[Activity] = [funding.start_payment, funding.find_payment, funding.close_payment]
    return [
        *quick,
        books.record,
        books.step,
        books.booked,
        books.post,
        notices.tell,
        notices.tell_again,
    ]


def after_sale_activities(after_sale: AfterSale) -> list[Activity]:
    """What the escrow queue runs for purchases that have ended."""
    return [after_sale.refund_after_sale, after_sale.hear_after_sale]


def clearing_activities(clearing: Clearing) -> list[Activity]:
    """What the escrow queue runs for clearing days and payouts."""
    return [
        clearing.due_runs,
        clearing.begin_clearing,
        clearing.clear,
        clearing.move_payout,
        clearing.finish_clearing,
    ]


def reconciliation_activities(reconciliation: Reconciliation) -> list[Activity]:
    """What the escrow queue runs for banks' statements."""
    return [
        reconciliation.due_statements,
        reconciliation.take_in_statement,
        reconciliation.match_lines,
        reconciliation.find_missing,
        reconciliation.finish_statement,
    ]


def bank_activities(funding: Funding, batches: Batches | None = None) -> list[Activity]:
    """What the bank queue runs: everything a bank is asked twice, and all that moves money.

    `batches` for banks that take files.
    """
    asked: list[Activity] = [funding.start_payment, funding.find_payment, funding.decide_payment]
    by_file: list[Activity] = [batches.remit_batch] if batches else []
    return [*asked, funding.close_payment, funding.move_money, *by_file]


def workers(
    client: Client,
    local: Sequence[Activity],
    at_banks: Sequence[Activity],
    interceptors: Sequence[Interceptor] = (),
) -> tuple[Worker, Worker]:
    """Both queues' workers, not yet running."""
    version = WorkerDeploymentConfig(version=BUILD, use_worker_versioning=False)
    stories = Worker(
        client,
        task_queue=ESCROW_QUEUE,
        workflows=STORIES,
        activities=local,
        workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
        interceptors=interceptors,
        deployment_config=version,
        max_cached_workflows=5_000,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    banking = Worker(
        client,
        task_queue=BANK_QUEUE,
        activities=at_banks,
        interceptors=interceptors,
        deployment_config=version,
        max_concurrent_activities=50,
        graceful_shutdown_timeout=GRACE,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    return stories, banking


def upkeep_worker(
    client: Client, upkeep: Upkeep, audit: Audit, queue: str = UPKEEP_QUEUE
) -> Worker:
    """What looks after the ledger, not yet running.

    `client` encrypts nothing: there is nothing of a buyer, and who checks the books needs no key.
    """
    return Worker(
        client,
        task_queue=queue,
        workflows=[LedgerUpkeep, BooksAudit],
        activities=[upkeep.roll_up, upkeep.seal, upkeep.broken_seals, audit.inspect_books],
        workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
        graceful_shutdown_timeout=GRACE,
    )


async def sweep(client: Client, reading: Reading, every: timedelta = SWEEP) -> None:
    """Start what a door committed and could not start, over and over."""
    while True:
        try:
            for terms in await reading.unstarted(older_than=every):
                await start_escrow(client, terms)
                await reading.mark_started(terms.escrow_id)
                log.warning("started late", escrow_id=terms.escrow_id)
        except AWAY as outage:
            log.warning("sweep failed", error=repr(outage))
        await asyncio.sleep(every.total_seconds())


@contextlib.asynccontextmanager
async def sweeping(
    client: Client, reading: Reading, every: timedelta = SWEEP
) -> AsyncIterator[Callable[[], bool]]:
    """`sweep` meanwhile; asked whether it still does. Only a bug of ours ends it."""
    sweeper = asyncio.create_task(sweep(client, reading, every))
    yield lambda: not sweeper.done()
    sweeper.cancel()


@contextlib.asynccontextmanager
async def bank_of(settings: Settings) -> AsyncIterator[Bank]:
    async with httpx2.AsyncClient(base_url=settings.bank_url) as client:
        yield RestBank(client, settings.bank_api_key.get_secret_value())


async def serve(
    settings: Settings,
    *,
    bank_of: Callable[[Settings], AbstractAsyncContextManager[Bank]] = bank_of,
    interceptors: Sequence[Interceptor] = (),
) -> None:
    """Run both workers until SIGTERM or SIGINT, then finish what is under way."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metered = metered_runtime(settings.worker_host, settings.metrics_port)
    pool = connection_pool(settings.database_url, pool_size=settings.database_pool_size)
    codec = PurchaseCodec(Keys(pool, settings.ring))
    client = await connect("worker", runtime=metered, codec=codec)
    reach = LIVE if settings.mode == "live" else SANDBOX
    async with bank_of(settings) as bank, courier(reach) as post:
        reading = Reading(pool)
        banks = {"sandbox": bank}
        operations = Operations(pool)
        funding = Funding(banks, operations, settings.back_from_bank, Shown(pool))
        at_banks = bank_activities(funding, Batches(banks, operations))
        notices = Notices(WebhookMessenger(post, pool, reading))
        local = activities(funding, Bookkeeping(Book(pool)), notices)
        paying = [name for name, one in banks.items() if one.remitter is not None]
        by_file = [name for name in paying if banks[name].batches is not None]
        local += after_sale_activities(AfterSale(AfterSaleBook(pool)))
        local += clearing_activities(Clearing(Runs(pool, paying, by_file)))
        sources = {name: one.statements for name, one in banks.items() if one.statements}
        local += reconciliation_activities(Reconciliation(sources, StatementBooks(pool)))
        stories, banking = workers(client, local, at_banks, interceptors)
        unsealed = await connect("upkeep", runtime=metered)
        upkeep = upkeep_worker(unsealed, Upkeep(Ledger(pool)), Audit(partial(inspect, pool)))
        host, port = settings.worker_host, settings.worker_health_port
        async with stories, banking, upkeep, sweeping(client, reading) as sweeps:
            await schedule_upkeep(unsealed)
            await schedule_audit(unsealed)
            await schedule_rounds(client)
            async with health_door(host, port, sweeps):
                log.info("worker ready", health=port)
                await stop.wait()
                log.info("worker stopping")
    await pool.dispose()


def ports(number: int) -> dict[str, str]:
    """The settings of process `number` that must differ from the others'."""
    first = Settings()  # pyright: ignore
    return {
        "DANBAO_WORKER_HEALTH_PORT": str(first.worker_health_port + 2 * number),
        "DANBAO_METRICS_PORT": str(first.metrics_port + 2 * number),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1, help="workers to run, one per core")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.processes > 1:
        return together(__file__, [ports(number) for number in range(said.processes)])
    if said.child:
        end_with_parent()
    settings = Settings()
    configure_logging("worker", settings.log_level)
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
