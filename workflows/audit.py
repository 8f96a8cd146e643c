"""Every hour: does what must be true of the books hold?"""

from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.exceptions import ApplicationError

from workflows.names import HOURLY_AUDIT, UPKEEP_QUEUE
from workflows.schedules import keep

with workflow.unsafe.imports_passed_through():
    from activities.audit import Audit

#: Reading everything that ever moved.
LONG = timedelta(hours=1)
#: A quarter past: at the hour the seals are looked at.
HOURLY = ScheduleSpec(
    intervals=[ScheduleIntervalSpec(every=timedelta(hours=1), offset=timedelta(minutes=15))]
)


@workflow.defn(name="BooksAudit")
class BooksAudit:
    @workflow.run
    async def run(self) -> str:
        """Fails with NotTrue, which names the first breaches, when something does not hold."""
        found = await workflow.execute_activity_method(
            Audit.inspect_books, start_to_close_timeout=LONG, summary="the daily truths"
        )
        if found:
            said = "; ".join(f"{one.truth}: {one.subject} {one.said}" for one in found)
            raise ApplicationError(said, type="NotTrue", non_retryable=True)
        return "everything that must be true of the books is"


async def schedule_audit(client: Client, queue: str = UPKEEP_QUEUE) -> None:
    """Make the schedule, or bring the one that is there up to date; a paused one stays paused."""
    action = ScheduleActionStartWorkflow(BooksAudit.run, id=HOURLY_AUDIT, task_queue=queue)
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    await keep(client, HOURLY_AUDIT, Schedule(action=action, spec=HOURLY, policy=policy))
