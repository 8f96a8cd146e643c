"""Payouts that a bank is told of in one file; then each goes on by itself with its answer."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from workflows import steps
from workflows.names import CURRENCY, ESCROW_STAGE, batch_workflow_id, payout_id
from workflows.payout import PayoutWorkflow, search_attributes

with workflow.unsafe.imports_passed_through():
    from banks.port import Remitted
    from clearing.port import Payout, PayoutBatch

#: Whose starts are awaited together.
STARTS = 20


@workflow.defn(name="PayoutBatch")
class PayoutBatchWorkflow:
    @workflow.run
    async def run(self, batch: PayoutBatch) -> int:
        """Returns how many payouts the bank has heard of by the file: all of them, or none."""
        self.batch = batch
        workflow.upsert_search_attributes([CURRENCY.value_set(batch.currency)])
        self.says("the bank is sent the file")
        said = await self.ordered()
        await start_payouts(batch.payouts, said)
        self.says("each goes on by itself" if said else "refused whole: each is ordered by itself")
        return len(said)

    async def ordered(self) -> dict[str, Remitted]:
        """Sent until the bank answers: after minutes of silence a person hears of it."""
        try:
            return await steps.remit_batch(self.batch, steps.TRIES_BEFORE_REVIEW)
        except FailureError:
            workflow.upsert_search_attributes([ESCROW_STAGE.value_set("review")])
            self.says("**a person must look: the bank is silent; it is asked on**")
            said = await steps.remit_batch(self.batch, steps.FOREVER)
            workflow.upsert_search_attributes([ESCROW_STAGE.value_unset()])
            return said

    def says(self, what: str) -> None:
        batch = self.batch
        total = sum(payout.amount for payout in batch.payouts)
        workflow.set_current_details(
            f"- {what}\n- {len(batch.payouts)} payouts, {total} {batch.currency} together"
            f"\n- {batch.id} at {batch.bank}"
        )


async def start_batch(batch: PayoutBatch) -> None:
    """It lives on when the day is over. One that runs, or has run, is as good."""
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            PayoutBatchWorkflow.run,
            batch,
            id=batch_workflow_id(batch.id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"{len(batch.payouts)} payouts in {batch.currency}",
        )


async def start_payouts(
    payouts: Sequence[Payout], said: Mapping[str, Remitted] | None = None
) -> None:
    """`said` is what the bank has answered about some of them, by reference."""
    known = said or {}
    for first in range(0, len(payouts), STARTS):
        some = payouts[first : first + STARTS]
        told = [replace(payout, said=known.get(payout.reference)) for payout in some]
        await asyncio.gather(*map(_start, told))


async def _start(payout: Payout) -> None:
    """It lives on when the day is over. One that runs, or has run, is as good."""
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            PayoutWorkflow.run,
            payout,
            id=payout_id(payout.id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=search_attributes(payout),
            static_summary=f"{payout.amount} {payout.currency} to {payout.merchant_id}",
        )
