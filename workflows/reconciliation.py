"""A bank's day is read: every line is matched or a break, and whoever it concerns is told."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from workflows.commands import BankReport
from workflows.names import CURRENCY, ESCROW_QUEUE, payout_id, reconciliation_id

with workflow.unsafe.imports_passed_through():
    from activities.reconciliation import Page, Reconciliation
    from reconciliation.port import Due, Matched, Tell

A = TypeVar("A")

#: Some hundred lines and their postings, and a file of some megabytes over a slow line.
PATIENCE = timedelta(minutes=10)
#: The database is away; a bank's silence has a rhythm of its own.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
#: Tells that are awaited together.
AT_ONCE = 50


@workflow.defn(name="ReconciliationRound")
class ReconciliationRound:
    """Looks whether a bank has a new statement, and has it read."""

    @workflow.run
    async def run(self) -> list[str]:
        """The ids of the days that were started, or were under way."""
        due = await step(Reconciliation.due_statements)
        for one in due:
            with contextlib.suppress(WorkflowAlreadyStartedError):
                await workflow.start_child_workflow(
                    ReconciliationWorkflow.run,
                    one,
                    id=day_id(one),
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    static_summary=f"{one.bank} {one.currency} {one.day}",
                )
        return [day_id(one) for one in due]


@workflow.defn(name="Reconciliation")
class ReconciliationWorkflow:
    @workflow.run
    async def run(self, due: Due) -> Matched:
        """What it came to, all pages together."""
        workflow.upsert_search_attributes([CURRENCY.value_set(due.currency)])
        workflow.set_current_details(f"waiting for statement {due.sequence} of {due.bank}")
        taken = await step(Reconciliation.take_in_statement, due)
        done = Matched()
        while (page := await step(Reconciliation.match_lines, Page(taken.file_id))).upto:
            done = together(done, page)
            await tell(page)
            workflow.set_current_details(progress(page.upto, taken.lines, done))
        missing = await step(Reconciliation.find_missing, taken.file_id)
        await tell(missing)
        await step(Reconciliation.finish_statement, taken.file_id)
        done = together(done, missing)
        workflow.set_current_details(progress(taken.lines, taken.lines, done))
        return done


async def tell(page: Matched) -> None:
    """Purchases and payouts ask their bank anew. One that has ended needs no telling."""
    for first in range(0, len(page.tells), AT_ONCE):
        await asyncio.gather(*map(_tell, page.tells[first : first + AT_ONCE]))


async def _tell(one: Tell) -> None:
    whose = payout_id(one.subject) if one.is_payout else one.subject
    with contextlib.suppress(FailureError):
        await workflow.get_external_workflow_handle(whose).signal(
            "bank_reported", BankReport(one.reference)
        )


def together(done: Matched, more: Matched) -> Matched:
    return Matched(0, done.matches + more.matches, done.breaks + more.breaks)


def day_id(due: Due) -> str:
    return reconciliation_id(due.bank, due.currency, due.day)


async def step(what: Callable[..., Awaitable[A]], *said: object) -> A:
    return await workflow.execute_activity_method(
        what,
        args=said,
        task_queue=ESCROW_QUEUE,
        start_to_close_timeout=PATIENCE,
        retry_policy=RETRIES,
    )


def progress(done: int, of: int, matched: Matched) -> str:
    """Markdown, for operators in the Temporal UI."""
    filled = 20 * done // of if of else 20
    bar = f"`{'█' * filled}{'░' * (20 - filled)}` {done} of {of} lines"
    return f"{bar}\n\n- {matched.matches} matched, {matched.breaks} breaks"
