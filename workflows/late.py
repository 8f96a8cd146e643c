"""Paid after the purchase could take it: the money goes straight back to the buyer."""

from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows import steps
from workflows.names import late_payment_id

with workflow.unsafe.imports_passed_through():
    from banks.port import Declined, Deducted, Frozen, Operation, Order
    from domain import postings
    from domain.accounts import Accounts, Journal
    from domain.states import State
    from ledger.port import Posting


@dataclass(frozen=True, slots=True)
class LatePaymentOrder:
    """`reference` is the payment that came late; `escrow_id` the purchase it was meant for."""

    escrow_id: str
    merchant_id: str
    bank: str
    reference: str
    currency: str


@workflow.defn(name="LatePayment")
class LatePayment:
    """Acts only on what the bank answers; run twice, it moves money once."""

    @workflow.init
    def __init__(self, late: LatePaymentOrder) -> None:
        self.late = late

    @workflow.run
    async def run(self, late: LatePaymentOrder) -> str:
        """Returns "nothing_paid", "given_back" or "refused" (then a person must look)."""
        match await steps.decide_payment(self.order(Operation.PAYMENT, late.reference)):
            case Deducted(amount=amount):
                legs = postings.give_back_unbooked(self.accounts(), amount)
                await steps.post(self.posting(1, "late_payment", legs))
                return await self.give_back(Operation.REFUND, amount)
            case Frozen(amount=amount):
                return await self.give_back(Operation.UNFREEZE, amount)
            case _:
                return "nothing_paid"

    async def give_back(self, way: Operation, amount: int) -> str:
        reference = self.late.reference.replace(":payment:", f":late_{way}:")
        order = self.order(way, reference, amount, of=self.late.reference)
        match await steps.move_money(order):
            case Declined() if way is Operation.REFUND:
                legs = postings.refund_refused(amount)
                await steps.post(self.posting(2, "late_refund_refused", legs))
                return "refused"
            case Declined():
                return "refused"
            case _:
                return "given_back"

    def order(self, what: Operation, reference: str, amount: int = 0, of: str = "") -> Order:
        late = self.late
        return Order(
            late.bank,
            what,
            reference,
            late.escrow_id,
            late.merchant_id,
            amount,
            late.currency,
            of,
        )

    def accounts(self) -> Accounts:
        return Accounts(self.late.escrow_id, self.late.merchant_id, self.late.bank)

    def posting(self, sequence: int, name: str, legs: Journal) -> Posting:
        return Posting(
            self.late.reference, sequence, name, workflow.now(), self.late.currency, legs
        )


def late_order(escrow: State, reference: str) -> LatePaymentOrder:
    terms = escrow.terms
    return LatePaymentOrder(
        terms.escrow_id, terms.merchant_id, escrow.bank, reference, terms.currency
    )


async def give_back_late(order: LatePaymentOrder) -> None:
    """Start it beside the purchase that noticed; already running is as good."""
    try:
        await workflow.start_child_workflow(
            LatePayment.run,
            order,
            id=late_payment_id(order.reference),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"paid too late: {order.reference}",
        )
    except WorkflowAlreadyStartedError:
        return
