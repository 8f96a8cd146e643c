"""A clearing day: every merchant that is owed something gets one payout.

The day is one workflow, its shards are children that begin anew after some pages; a page's payouts
are ordered together where the bank takes files. Each payout is a workflow of its own, which lives
on until its money has arrived. Whatever dies is done again from where it was: what was opened is
found, and a payout's workflow starts once.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.batch import start_batch, start_payouts
from workflows.names import CURRENCY, ESCROW_QUEUE, clearing_id

with workflow.unsafe.imports_passed_through():
    from activities.clearing import Clearing
    from clearing.port import Cleared, Page, Run

A = TypeVar("A")

#: A page is some hundred short transactions.
PAGE_PATIENCE = timedelta(minutes=10)
NOTE_PATIENCE = timedelta(seconds=30)
#: A million merchants are as many workflows, each with its own place in the database's order.
MOST_SHARDS = 200
#: Pages after which a shard begins anew.
PAGES = 5
#: The database is away, or a merchant's balance moved at that moment: the next try finds it.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class ClearingDay:
    """`share` merchants or fewer to a workflow, `most` of them to a page."""

    run: Run
    share: int = 5_000
    most: int = 200


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done: merchants looked at, payouts opened, merchants without bank details."""

    merchants: int = 0
    payouts: int = 0
    held_back: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.merchants + other.merchants,
            self.payouts + other.payouts,
            self.held_back + other.held_back,
        )

    def __str__(self) -> str:
        said = f"{self.payouts} payouts to {self.merchants} merchants"
        return f"{said}, {self.held_back} without bank details" if self.held_back else said


@dataclass(frozen=True, slots=True)
class ShardOfDay:
    """Where a shard goes on, and what it did before it began anew."""

    page: Page
    done: Tally = Tally()


@workflow.defn(name="ClearingRound")
class ClearingRound:
    """Looks whether a clearing day is over anywhere, and has it cleared."""

    @workflow.run
    async def run(self) -> list[str]:
        """The ids of the days that were started, or were under way."""
        due = await workflow.execute_activity_method(
            Clearing.due_runs,
            task_queue=ESCROW_QUEUE,
            start_to_close_timeout=NOTE_PATIENCE,
            retry_policy=RETRIES,
        )
        for run in due:
            with contextlib.suppress(WorkflowAlreadyStartedError):
                await workflow.start_child_workflow(
                    ClearingWorkflow.run,
                    ClearingDay(run),
                    id=day_id(run),
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    static_summary=f"{run.bank} {run.currency} {run.day}",
                )
        return [day_id(run) for run in due]


@workflow.defn(name="Clearing")
class ClearingWorkflow:
    @workflow.run
    async def run(self, day: ClearingDay) -> Tally:
        workflow.upsert_search_attributes([CURRENCY.value_set(day.run.currency)])
        merchants = await note(Clearing.begin_clearing, day.run)
        self.done, self.ended = Tally(), 0
        self.shards = min(MOST_SHARDS, merchants // day.share + 1)
        await asyncio.gather(*(self.shard(day, number) for number in range(self.shards)))
        await note(Clearing.finish_clearing, day.run)
        return self.done

    async def shard(self, day: ClearingDay, number: int) -> None:
        # Not `self.done += await …`: other shards add to it meanwhile.
        tally = await workflow.execute_child_workflow(
            ClearingShard.run,
            ShardOfDay(Page(day.run, number, self.shards, most=day.most)),
            id=f"{day_id(day.run)}:{number}",
            static_summary=f"shard {number} of {self.shards}",
        )
        self.done += tally
        self.ended += 1
        workflow.set_current_details(progress(self.ended, self.shards, self.done))


@workflow.defn(name="ClearingShard")
class ClearingShard:
    @workflow.run
    async def run(self, shard: ShardOfDay) -> Tally:
        page, done = shard.page, shard.done
        for number in itertools.count(1):
            cleared = await clear(page)
            await start_payouts(cleared.alone)
            for batch in cleared.batches:
                await start_batch(batch)
            done += Tally(cleared.merchants, len(cleared.payouts), cleared.held_back)
            workflow.set_current_details(
                f"- {done}\n- up to {cleared.after or 'the last merchant'}"
            )
            if not cleared.after:
                break
            page = replace(page, after=cleared.after)
            if number == PAGES:
                workflow.continue_as_new(ShardOfDay(page, done))
        return done


def day_id(run: Run) -> str:
    return clearing_id(run.bank, run.currency, run.day)


async def clear(page: Page) -> Cleared:
    return await workflow.execute_activity_method(
        Clearing.clear,
        page,
        task_queue=ESCROW_QUEUE,
        start_to_close_timeout=PAGE_PATIENCE,
        retry_policy=RETRIES,
        summary=f"merchants after {page.after or 'the first'}",
    )


async def note(what: Callable[[Clearing, Run], Awaitable[A]], run: Run) -> A:
    return await workflow.execute_activity_method(
        what,
        run,
        task_queue=ESCROW_QUEUE,
        start_to_close_timeout=NOTE_PATIENCE,
        retry_policy=RETRIES,
    )


def progress(done: int, of: int, tally: Tally) -> str:
    """Markdown: a bar of twenty, and what was done."""
    filled = 20 * done // of
    return f"`{'█' * filled}{'░' * (20 - filled)}` {done} of {of} shards\n\n- {tally}"
