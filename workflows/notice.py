"""A merchant that did not hear at the first try keeps being told, outside the purchase."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from workflows.names import ESCROW_QUEUE, notice_id

with workflow.unsafe.imports_passed_through():
    from activities.notices import LATER_TRY, Notices
    from webhooks.port import Notice

#: The schedule's first step; every later wait comes with the failure itself.
FIRST_WAIT = timedelta(seconds=5)


@workflow.defn(name="Notice")
class NoticeWorkflow:
    @workflow.run
    async def run(self, notice: Notice) -> str:
        """Returns "delivered" or, when the schedule has ended, "parked"."""
        await workflow.sleep(FIRST_WAIT)
        try:
            await workflow.execute_activity_method(
                Notices.tell_again,
                notice,
                task_queue=ESCROW_QUEUE,
                start_to_close_timeout=LATER_TRY + FIRST_WAIT,
                retry_policy=RetryPolicy(initial_interval=FIRST_WAIT),
                summary=f"event {notice.sequence} of {notice.escrow_id}",
            )
        except ActivityError:
            return "parked"
        return "delivered"


async def keep_telling(notice: Notice) -> None:
    """Hand `notice` to a workflow that lives on when the purchase has ended."""
    await workflow.start_child_workflow(
        NoticeWorkflow.run,
        notice,
        id=notice_id(notice.escrow_id, notice.sequence),
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        static_summary=f"tell the merchant: event {notice.sequence}",
    )
