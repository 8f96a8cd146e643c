"""How a merchant is told again when somebody asks for it."""

from dataclasses import replace

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from webhooks.port import Notice
from workflows.names import ESCROW_QUEUE, notice_id
from workflows.notice import NoticeWorkflow, summary


async def start_telling(client: Client, notice: Notice) -> None:
    """Try `notice` at its endpoint now, and then as the schedule says.

    A retry that waits for its next try is ended: this one takes its place.
    """
    now = replace(notice, wait=0.0, reason="asked for again")
    await client.start_workflow(
        NoticeWorkflow.run,
        now,
        id=notice_id(notice.escrow_id, notice.sequence, notice.endpoint),
        task_queue=ESCROW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        static_summary=summary(now),
    )
