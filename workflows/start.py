"""How a purchase's workflow is started, by whichever door or sweeper comes first."""

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from clearing.port import RefundAsked
from domain.money import Money
from domain.terms import Terms
from workflows.after_sale import AfterSaleRefund
from workflows.commands import Standing
from workflows.escrow import EscrowWorkflow
from workflows.late import LatePayment, LatePaymentOrder
from workflows.names import (
    AMOUNT_MINOR,
    CURRENCY,
    ESCROW_QUEUE,
    ESCROW_STAGE,
    MERCHANT_ID,
    ORDER_ID,
    after_sale_id,
    late_payment_id,
)


async def start_escrow(client: Client, terms: Terms) -> None:
    """Start the purchase's workflow once; one that runs or has ended is as good."""
    price = Money(terms.amount, terms.currency)
    try:
        await client.start_workflow(
            EscrowWorkflow.run,
            terms,
            id=terms.escrow_id,
            task_queue=ESCROW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes(terms),
            static_summary=f"{price}, order {terms.order_id}",
            static_details=f"{terms.funding} mode",
        )
    except WorkflowAlreadyStartedError:
        return


async def refund_after_sale(client: Client, asked: RefundAsked) -> Standing:
    """Start it, or find it, and hear where the purchase is after it. Raises
    WorkflowUpdateFailedError when it is refused.

    May run again after it ended: the ledger has what a command booked, and the bank what it paid.
    """
    start = WithStartWorkflowOperation(
        AfterSaleRefund.run,
        asked,
        id=after_sale_id(asked.escrow_id, asked.command),
        task_queue=ESCROW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"refund after the release: {asked.escrow_id}",
    )
    return await client.execute_update_with_start_workflow(
        AfterSaleRefund.booked, start_workflow_operation=start
    )


async def start_late_payment(client: Client, order: LatePaymentOrder) -> None:
    """Look into a payment that no purchase waits for; under way already is as good.

    May run again after it ended: a report that came to nothing must not hide a later one.
    """
    await client.start_workflow(
        LatePayment.run,
        order,
        id=late_payment_id(order.reference),
        task_queue=ESCROW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"paid too late: {order.reference}",
    )


def attributes(terms: Terms) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(MERCHANT_ID, terms.merchant_id),
            SearchAttributePair(ORDER_ID, terms.order_id),
            SearchAttributePair(CURRENCY, terms.currency),
            SearchAttributePair(AMOUNT_MINOR, terms.amount),
            SearchAttributePair(ESCROW_STAGE, "unpaid"),
        ]
    )
