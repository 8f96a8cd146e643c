"""One payout: remitted once, followed until the money has arrived, or has come back."""

import contextlib
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from workflows import steps
from workflows.money import in_the_end
from workflows.names import AMOUNT_MINOR, CURRENCY, ESCROW_STAGE, MERCHANT_ID
from workflows.telling import Teller

with workflow.unsafe.imports_passed_through():
    from activities.batches import remittance
    from activities.clearing import PayoutStep
    from banks.port import Declined, Order, Pending, Remitted, Returned, Settled, Truth
    from clearing.port import Payout, PayoutState
    from domain.events import Event

#: After the bank has accepted it, it is asked again; a callback is faster.
WAITS = tuple(timedelta(seconds=s) for s in (5, 30, 300, 3600))
THEN = timedelta(hours=6)
#: Money that has arrived can still come back for so long; after that the statement tells.
MAY_COME_BACK = timedelta(days=10)


@workflow.defn(name="Payout")
class PayoutWorkflow:
    @workflow.init
    def __init__(self, payout: Payout) -> None:
        self.payout = payout
        self.heard = False
        self.teller = Teller(payout.id)

    @workflow.run
    async def run(self, payout: Payout) -> str:
        """Returns "settled", "failed" or "returned"."""
        truth = await self.ordered(payout.said)
        if not isinstance(truth, Declined):
            await self.moves(PayoutState.SENT)
        ending = await self.arrives(truth)
        if ending is PayoutState.SETTLED and await self.comes_back():
            ending = PayoutState.RETURNED
        await workflow.wait_condition(lambda: self.teller.done)
        return ending

    async def ordered(self, said: Remitted | None) -> Truth:
        if said is None or isinstance(said, Pending):
            self.says("the bank is asked to pay")
            return await in_the_end(steps.move_money, self.order(), self.silent)
        return said

    async def arrives(self, truth: Truth) -> PayoutState:
        """Ask until the bank says that the money is there, or will never be."""
        asked = 0
        while True:
            match truth:
                case Settled():
                    return await self.moves(PayoutState.SETTLED)
                case Returned(reason=reason):
                    return await self.moves(PayoutState.RETURNED, reason)
                case Declined(code=code):
                    return await self.moves(PayoutState.FAILED, code)
                case _:
                    self.says("the bank has accepted it, and has not paid it yet")
            await self.news(WAITS[asked] if asked < len(WAITS) else THEN)
            asked += 1
            truth = await steps.find_payment(self.order())

    async def comes_back(self) -> bool:
        """The merchant's bank may send it back for some days."""
        until = workflow.now() + MAY_COME_BACK
        self.says(f"settled; it can come back until {until:%Y-%m-%d}")
        while (left := until - workflow.now()) > timedelta(0):
            await self.news(left)
            truth = await steps.find_payment(self.order())
            if isinstance(truth, Returned):
                await self.moves(PayoutState.RETURNED, truth.reason)
                return True
        return False

    async def news(self, patience: timedelta) -> None:
        """Until the bank reports, but not longer."""
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.heard, timeout=patience, timeout_summary="ask the bank"
            )
        self.heard = False

    async def moves(self, to: PayoutState, reason: str = "") -> PayoutState:
        moved = await steps.move_payout(PayoutStep(self.payout.id, to, reason))
        self.says(f"**{to}**{f': {reason}' if reason else ''}")
        if moved.news:
            self.teller.tell(moved.event, 1)
        return to

    async def silent(self, _: Event) -> None:
        """The bank has not answered for minutes: an operator hears of it, and it is asked on."""
        workflow.upsert_search_attributes([ESCROW_STAGE.value_set("review")])
        self.says("**a person must look: the bank is silent; it is asked on**")

    @workflow.signal
    def bank_reported(self) -> None:
        """The bank says that something happened to it; what did, it is asked."""
        self.heard = True

    def says(self, what: str) -> None:
        payout = self.payout
        workflow.set_current_details(
            f"- {what}\n- {payout.amount} {payout.currency} to {payout.merchant_id}"
            f"\n- {payout.reference} at {payout.bank}"
        )

    def order(self) -> Order:
        return remittance(self.payout)


def search_attributes(payout: Payout) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(MERCHANT_ID, payout.merchant_id),
            SearchAttributePair(CURRENCY, payout.currency),
            SearchAttributePair(AMOUNT_MINOR, payout.amount),
        ]
    )
