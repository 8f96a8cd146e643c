"""Paid after the purchase could take it: the money goes straight back to the buyer."""

from dataclasses import dataclass
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows import steps
from workflows.money import NOT_FROZEN, Patient, in_the_end
from workflows.names import ESCROW_STAGE, MERCHANT_ID, late_payment_id

with workflow.unsafe.imports_passed_through():
    from banks.port import Declined, Deducted, Frozen, Operation, Order, Refunded, Unfrozen
    from domain import postings
    from domain.accounts import Accounts, Journal
    from domain.events import Event
    from domain.states import State
    from ledger.port import Posting


A = TypeVar("A")


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
        self.looked = False

    @workflow.run
    async def run(self, late: LatePaymentOrder) -> str:
        """Returns "nothing_paid", "booked", "given_back"; "refused" once a person has looked."""
        truth = await self.asked(
            steps.decide_payment, self.order(Operation.PAYMENT, late.reference)
        )
        if await steps.booked(late.escrow_id, int(late.reference.rpartition(":")[2])):
            # Whoever took it for late knew too little: it is the purchase's own money.
            return "booked"
        match truth:
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
        match await self.asked(steps.move_money, order):
            case Refunded(amount=given) if given == amount and way is Operation.REFUND:
                return "given_back"
            case Unfrozen() if way is Operation.UNFREEZE:
                return "given_back"
            case Declined(code=code) if way is Operation.UNFREEZE and code in NOT_FROZEN:
                return "given_back"
            case Declined(code=code):
                if way is Operation.REFUND:
                    legs = postings.refund_refused(amount)
                    await steps.post(self.posting(2, "late_refund_refused", legs))
                return await self.until_somebody_looked(f"the bank refused it: {code}")
            case other:
                return await self.until_somebody_looked(f"the bank said {other}")

    async def asked(self, step: Patient[A], order: Order) -> A:
        """What the bank says in the end; a person hears of a long silence meanwhile."""

        async def silent(_: Event) -> None:
            self.review("the bank is silent; it is asked on")

        return await in_the_end(step, order, silent)

    async def until_somebody_looked(self, why: str) -> str:
        """The buyer's money stays with us: this must not look as if it had come to an end."""
        self.review(why)
        await workflow.wait_condition(lambda: self.looked)
        return "refused"

    @workflow.signal
    def settled_by_hand(self) -> None:
        """An operator has found another way to give the buyer the money."""
        self.looked = True

    def review(self, why: str) -> None:
        workflow.upsert_search_attributes(
            [ESCROW_STAGE.value_set("review"), MERCHANT_ID.value_set(self.late.merchant_id)]
        )
        workflow.set_current_details(f"- **a person must look: {why}**\n- {self.late.reference}")

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


def late_order(escrow: State, reference: str, bank: str) -> LatePaymentOrder:
    terms = escrow.terms
    return LatePaymentOrder(terms.escrow_id, terms.merchant_id, bank, reference, terms.currency)


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
