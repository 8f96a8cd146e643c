"""A merchant that did not hear at the first try keeps being told, outside the purchase."""

import asyncio
import contextlib
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError

from workflows.names import ESCROW_QUEUE, notice_id

with workflow.unsafe.imports_passed_through():
    from activities.notices import GONE, LATER_TRY, PARKED, Notices
    from webhooks.port import Notice

#: For what an activity can't foresee; every other wait comes with the failure itself.
FIRST_WAIT = timedelta(seconds=5)
#: Longer than a try, so that its verdict arrives and is stored.
TRY_PATIENCE = LATER_TRY + timedelta(seconds=5)

#: What an operator reads when it has ended.
ENDINGS = {
    "delivered": "heard",
    "passed on": "for several: each of them is told by a workflow of its own",
    PARKED: "**parked**: told again only when the merchant or an operator asks for it",
    GONE: "nobody is to be told there any more",
}


@workflow.defn(name="Notice")
class NoticeWorkflow:
    @workflow.run
    async def run(self, notice: Notice) -> str:
        """Returns "delivered", "passed on", "parked" or "gone"."""
        workflow.set_current_details(details(notice))
        if notice.wait:
            await workflow.sleep(notice.wait, summary=f"after the first try: {notice.reason}")
        ending, reason = await self.tell(notice)
        workflow.set_current_details(f"{ENDINGS[ending]}{f' ({reason})' if reason else ''}")
        return ending

    async def tell(self, notice: Notice) -> tuple[str, str]:
        """How it ended, and why if nobody heard."""
        try:
            unheard = await workflow.execute_activity_method(
                Notices.tell_again,
                notice,
                task_queue=ESCROW_QUEUE,
                start_to_close_timeout=TRY_PATIENCE,
                retry_policy=RetryPolicy(initial_interval=FIRST_WAIT),
                # A merchant with a thousand of them does not hold up another merchant's one.
                priority=Priority(fairness_key=notice.endpoint),
                summary=f"event {notice.sequence} of {notice.escrow_id}",
            )
        except ActivityError as failed:
            cause = failed.cause
            if not isinstance(cause, ApplicationError) or cause.type not in ENDINGS:
                raise
            return cause.type, cause.message
        for missed in unheard or ():
            await keep_telling(missed)
        return ("passed on" if unheard else "delivered"), ""


async def keep_telling(notice: Notice) -> None:
    """Hand `notice` to a workflow that lives on when the purchase has ended."""
    # One that runs already was asked for by the merchant meanwhile: it is as good.
    with contextlib.suppress(WorkflowAlreadyStartedError):
        telling = await workflow.start_child_workflow(
            NoticeWorkflow.run,
            notice,
            id=notice_id(notice.escrow_id, notice.sequence, notice.endpoint),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=summary(notice),
        )
        telling.add_done_callback(_ended_somehow)


def _ended_somehow(telling: asyncio.Future[str]) -> None:
    """Nobody waits for it. One that a redelivery took the place of ends as a failure."""
    if not telling.cancelled():
        telling.exception()


def summary(notice: Notice) -> str:
    """One line in the list of workflows."""
    said = f"tell {notice.endpoint or 'the merchant'}: event {notice.sequence}"
    return f"{said} ({notice.reason})" if notice.reason else said


def details(notice: Notice) -> str:
    """Markdown for the page of a retry that is under way."""
    lines = [
        f"**{notice.endpoint or 'the merchant'} has not heard event {notice.sequence}"
        f" of {notice.escrow_id}**",
        f"the first try: {notice.reason or 'not known'}",
        "the last failure and the next try stand under Pending Activities;"
        " after about three days it is parked",
        "try now: `POST /v1/events/{id}/redelivery`, the page of the merchant, or ./dev",
    ]
    return "\n".join(f"- {line}" for line in lines)
