"""From the choice of a bank to the bank's word: attempts that never overlap at a bank."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows import steps
from workflows.commands import Pay, PaymentPage
from workflows.late import give_back_late, late_order
from workflows.money import paid_or_not, payment_order
from workflows.purchase import Purchase

with workflow.unsafe.imports_passed_through():
    from banks.port import AlreadyPaid, Closed, Declined, Truth
    from domain import events
    from domain.errors import BankUndecided
    from domain.states import Stage

#: A bank that has not reported by itself is asked after this long, then after twice as long …
FIRST_ASK = timedelta(minutes=3)


class Paying:
    """Acts on what the bank answers, never on what a callback or a browser claims."""

    def __init__(self, purchase: Purchase) -> None:
        self.purchase = purchase
        self._ask_after = FIRST_ASK
        self._ask_at: datetime | None = None
        #: Payments whose outcome is booked: a second report of them is no news.
        self._booked: set[str] = set()

    @property
    def under_way(self) -> bool:
        return self.purchase.escrow.stage is Stage.PAYING

    @property
    def wake_up(self) -> datetime | None:
        """While the bank is asked to close it, no deadline can decide."""
        escrow = self.purchase.escrow
        if self.purchase.errands.running(f"close {escrow.payment}"):
            return None
        return min(filter(None, (escrow.deadline, self._ask_at)), default=None)

    async def pay(self, command: Pay) -> PaymentPage:
        """A new attempt and its page at the bank. Raises Refusal."""
        attempt = await self._start(command)
        asked = payment_order(self.purchase.escrow, attempt)
        try:
            page = await steps.payment_page(asked)
        except FailureError as silence:
            raise BankUndecided("the bank has not answered; choose again") from silence
        if isinstance(page, Declined):
            await self._decline(attempt, page.code)
            return PaymentPage(declined=page.code)
        return PaymentPage(redirect_url=page.url)

    async def _start(self, command: Pay) -> int:
        while True:
            await self.leave()
            async with self.purchase.lock:
                if self.under_way:
                    continue  # somebody else started one in between
                event = events.PaymentStarted(bank=command.bank, method=command.method)
                await self.purchase.commit(event)
                self._ask_after, self._ask_at = FIRST_ASK, workflow.now() + FIRST_ASK
                return self.purchase.escrow.attempt

    async def leave(self) -> None:
        """Make sure that a payment under way can't succeed any more. Raises BankUndecided."""
        if not self.under_way:
            return
        escrow = self.purchase.escrow
        try:
            answer = await steps.close_payment_now(payment_order(escrow, escrow.attempt))
        except FailureError as silence:
            raise BankUndecided(
                "the bank has not said whether it was paid; try again soon"
            ) from silence
        await self._closed_or_paid(escrow.attempt, answer)
        if isinstance(answer, AlreadyPaid) and self.under_way:
            raise BankUndecided("the bank says it was paid, and not yet how much")

    def ask(self) -> None:
        """The bank has been silent: ask it, and at the end of the window close the payment."""
        escrow, now = self.purchase.escrow, workflow.now()
        errands = self.purchase.errands
        if escrow.deadline is not None and escrow.deadline <= now:
            errands.run(f"close {escrow.payment}", self._lapse(escrow.attempt))
        else:
            self._ask_after *= 2
            self._ask_at = now + self._ask_after
            errands.run(f"ask {escrow.payment}", self._settle(escrow.attempt))

    async def reported(self, reference: str) -> None:
        """A report is a hint. What is not the payment under way is late, or no news."""
        escrow = self.purchase.escrow
        if reference in self._booked:
            return
        if self.under_way and reference == escrow.payment:
            await self._settle(escrow.attempt)
        elif ":payment:" in reference:
            await give_back_late(late_order(escrow, reference))

    async def _lapse(self, attempt: int) -> None:
        """The payment window is over: close at the bank, whenever it answers."""
        asked = payment_order(self.purchase.escrow, attempt)
        await self._closed_or_paid(attempt, await steps.close_payment(asked))
        if self._current(attempt):
            # Paid, says the bank, but not yet what: wait until it does.
            await self._book(attempt, await steps.decide_payment(asked))

    async def _closed_or_paid(self, attempt: int, answer: Closed | AlreadyPaid) -> None:
        if isinstance(answer, Closed):
            await self._decline(attempt, "closed")
        else:
            await self._settle(attempt)

    async def _settle(self, attempt: int) -> None:
        if self._current(attempt):
            asked = payment_order(self.purchase.escrow, attempt)
            await self._book(attempt, await steps.find_payment(asked))

    async def _book(self, attempt: int, truth: Truth) -> None:
        escrow = self.purchase.escrow
        reference = payment_order(escrow, attempt).reference
        event = paid_or_not(escrow, attempt, truth)
        if event is None:
            return
        moved = await self.purchase.move_if_possible(event)
        if isinstance(event, events.PaymentDeclined) or reference in self._booked:
            return
        if moved:
            self._booked.add(reference)
        else:
            # Paid after all, and the purchase has moved on while the bank was asked.
            await give_back_late(late_order(escrow, reference))

    async def _decline(self, attempt: int, code: str) -> None:
        event = events.PaymentDeclined(attempt=attempt, code=code)
        await self.purchase.move_if_possible(event)

    def _current(self, attempt: int) -> bool:
        return self.under_way and self.purchase.escrow.attempt == attempt
