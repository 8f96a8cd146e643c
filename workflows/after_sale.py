"""A refund after the release: booked once, told to the bank until it has answered.

The purchase's own workflow has ended by then, so this is one of its own, under an id derived from
the command that asked for it.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from workflows import steps
from workflows.commands import Standing
from workflows.money import in_the_end
from workflows.names import ESCROW_STAGE, MERCHANT_ID
from workflows.telling import Teller

with workflow.unsafe.imports_passed_through():
    from banks.port import Declined, Operation, Order, Refunded
    from clearing.port import BackOrder, BankHeard, RefundAsked, Ruling, Told
    from domain import events
    from domain.events import Event
    from ledger.port import detail


@workflow.defn(name="AfterSaleRefund")
class AfterSaleRefund:
    @workflow.init
    def __init__(self, asked: RefundAsked) -> None:
        self.asked = asked
        self.ruling: Ruling | None = None
        self.teller = Teller(asked.escrow_id)

    @workflow.run
    async def run(self, asked: RefundAsked) -> str:
        """Returns "given_back", "refused" (nothing changed), "bank_refused" or "looked_at"."""
        self.ruling = await steps.refund_after_sale(asked)
        outcome = "refused"
        if self.ruling.back and self.ruling.told:
            self._tell(self.ruling.told)
            outcome = await self.give_back(self.ruling.back)
        await workflow.wait_condition(lambda: self.teller.done and workflow.all_handlers_finished())
        return outcome

    async def give_back(self, back: BackOrder) -> str:
        async def silent(event: Event) -> None:
            await self.heard(back, event)
            self._show("the bank is silent; it is asked on")

        match await in_the_end(steps.move_money, self.order(back), silent):
            case Refunded(amount=amount) if amount == back.amount:
                await self.heard(back, events.ReturnSucceeded(reference=back.reference))
                return "given_back"
            case Declined(code=code):
                await self.heard(back, events.ReturnRefused(reference=back.reference, code=code))
                return "bank_refused"
            case _:
                # Not what it was told to do: the return stays open until a person has looked.
                await self.heard(back, events.ReviewNeeded(reason="return_mismatch"))
                return "looked_at"

    async def heard(self, back: BackOrder, event: Event) -> None:
        said = {name: str(value) for name, value in detail(event).items()}
        fact = BankHeard(self.asked.escrow_id, back.reference, event.name, said)
        self._tell(await steps.hear_after_sale(fact))

    @workflow.update
    async def booked(self) -> Standing:
        """Where the purchase is after it. Fails with the Refusal's code when it is refused."""
        await workflow.wait_condition(lambda: self.ruling is not None)
        ruling = self.ruling
        if ruling is None or ruling.told is None:
            raise _refused(ruling)
        return Standing(ruling.told.status, ruling.told.version)

    def order(self, back: BackOrder) -> Order:
        return Order(
            bank=back.bank,
            operation=Operation.REFUND,
            reference=back.reference,
            escrow_id=self.asked.escrow_id,
            merchant_id=self.asked.merchant_id,
            amount=back.amount,
            currency=back.currency,
            of=back.of,
            funding=back.funding,
        )

    def _tell(self, told: Told) -> None:
        self.teller.tell(told.first, told.count)

    def _show(self, why: str) -> None:
        workflow.upsert_search_attributes(
            [ESCROW_STAGE.value_set("review"), MERCHANT_ID.value_set(self.asked.merchant_id)]
        )
        workflow.set_current_details(f"- **a person must look: {why}**\n- {self.asked.escrow_id}")


def _refused(ruling: Ruling | None) -> ApplicationError:
    return ApplicationError(
        ruling.why if ruling else "",
        type=ruling.refused if ruling else "",
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
