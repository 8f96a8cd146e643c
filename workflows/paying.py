"""From the choice of a bank to the bank's word: attempts that never overlap at a bank."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows import steps
from workflows.commands import Pay, PaymentPage
from workflows.late import give_back_late, late_order
from workflows.money import in_the_end, paid_or_not, payment_order
from workflows.purchase import Purchase, command_id
from workflows.refusals import refusing

with workflow.unsafe.imports_passed_through():
    from banks.port import Accepted, Closed, Declined, Order, Pending, Truth, Unheard
    from domain import events
    from domain.errors import BankUndecided, TooOften
    from domain.escrow import Escrow
    from domain.events import Event
    from domain.states import Party, Stage, payment_reference

#: A bank that has not reported by itself is asked after this long, then after twice as long …
FIRST_ASK = timedelta(minutes=3)
LONGEST_ASK = timedelta(hours=1)
#: How often one side is told that the bank is undecided. Each time costs one of the 2,000 updates
#: that Temporal takes of a workflow: used up here, nobody could ship or complain any more.
MOST_UNDECIDED = 100


class Paying:
    """Acts on what the bank answers, never on what a callback or a browser claims."""

    def __init__(self, purchase: Purchase) -> None:
        self.purchase = purchase
        self._ask_after = FIRST_ASK
        self._ask_at: datetime | None = None
        #: The attempt whose window has ended: the bank was told to close it.
        self._closing = 0
        self._unanswered: Counter[Party] = Counter()

    @property
    def under_way(self) -> bool:
        return self.purchase.escrow.stage is Stage.PAYING

    @property
    def wake_up(self) -> datetime | None:
        """While the bank is asked to close it, no deadline can decide; nor twice, if it did not."""
        escrow = self.purchase.escrow
        if self.purchase.errands.running(f"close {escrow.payment}"):
            return None
        deadline = None if self._closing == escrow.attempt else escrow.deadline
        return min(filter(None, (deadline, self._ask_at)), default=None)

    def first_look(self, event: Event) -> None:
        """Before a request to leave a payment under way leaves a trace."""
        self.purchase.first_look(event)
        often = self._unanswered[event.by] >= MOST_UNDECIDED
        if often and self.under_way and command_id() not in self.purchase.done:
            with refusing():
                raise TooOften("the bank has not decided this payment; its window ends it")

    async def pay(self, command: Pay, command_id: str) -> PaymentPage:
        """A new attempt and its page at the bank. Raises Refusal."""
        attempt = await self._start(command, command_id)
        asked = replace(self._order(attempt), payer=command.payer)
        try:
            page = await steps.payment_page(asked)
        except FailureError as silence:
            raise BankUndecided("the bank has not answered; choose again") from silence
        if isinstance(page, Declined):
            await self._decline(attempt, page.code)
            return PaymentPage(declined=page.code)
        return PaymentPage(redirect_url=page.url)

    async def _start(self, command: Pay, command_id: str) -> int:
        event = events.PaymentStarted(bank=command.bank, method=command.method)
        started = await self.leaving(event, command_id)
        self._ask_after, self._ask_at = FIRST_ASK, workflow.now() + FIRST_ASK
        return started.attempt

    async def leaving(self, event: Event, command_id: str) -> Escrow:
        """Do what must not happen while a payment is under way. Raises Refusal.

        The purchase right after it; if it was done before a worker died, as it was then.
        """
        while True:
            if done := self.purchase.done.get(command_id):
                return done
            try:
                if not await self._left():
                    continue
            except BankUndecided:
                self._unanswered[event.by] += 1
                raise
            async with self.purchase.lock:
                # Somebody else may have started one in between.
                if not self.under_way and await self.purchase.commit(event, command_id):
                    return self.purchase.escrow

    async def _left(self) -> bool:
        """Make sure that a payment under way can't succeed any more.

        False: what we took for under way was not. Raises BankUndecided.
        """
        if not self.under_way:
            return True
        attempt = self.purchase.escrow.attempt
        try:
            truth = await self._closed_or_found(attempt)
        except FailureError as silence:
            return await self._undecided("the bank has not said whether it was paid", silence)
        if isinstance(truth, Pending | Unheard | Accepted):
            return await self._undecided("the bank says it was paid, and not yet how much")
        await self._book(attempt, truth)
        return True

    async def _closed_or_found(self, attempt: int) -> Truth:
        """Raises FailureError when the bank is silent."""
        answer = await steps.close_payment_now(self._order(attempt))
        if isinstance(answer, Closed):
            return answer
        return await steps.find_payment_now(self._order(attempt))

    async def _undecided(self, what: str, silence: Exception | None = None) -> bool:
        """A refusal, unless a worker died and the ledger knows better. Raises BankUndecided."""
        async with self.purchase.lock:
            if await self.purchase.catch_up():
                return False
        raise BankUndecided(f"{what}; try again soon") from silence

    def ask(self) -> None:
        """The bank has been silent: ask it, and at the end of the window close the payment."""
        escrow, now = self.purchase.escrow, workflow.now()
        errands = self.purchase.errands
        self._ask_after = min(self._ask_after * 2, LONGEST_ASK)
        self._ask_at = now + self._ask_after
        if escrow.deadline is not None and escrow.deadline <= now:
            self._closing = escrow.attempt
            errands.run(f"close {escrow.payment}", self._lapse(escrow.attempt))
        else:
            errands.run(f"ask {escrow.payment}", self._settle(escrow.attempt))

    async def reported(self, reference: str) -> None:
        """A report is a hint. What is not the payment under way is late, or no news."""
        if ":payment:" in reference and reference not in self.purchase.banks:
            # Given back as late what the ledger waits for, it would be held and refunded.
            async with self.purchase.lock:
                await self.purchase.catch_up()
        escrow = self.purchase.escrow
        if reference in self.purchase.booked:
            return
        if self.under_way and reference == escrow.payment:
            await self._hear_out(escrow.attempt)
        elif ":payment:" in reference:
            await self._give_back(reference)

    async def _hear_out(self, attempt: int) -> None:
        """Something has happened, says the bank: ask until it says what, also if we move on."""
        asked = self._order(attempt)
        truth = await steps.find_payment(asked)
        if isinstance(truth, Pending | Unheard):
            self.purchase.errands.run(f"hear {asked.reference}", self._decide(attempt))
        else:
            await self._book(attempt, truth)

    async def _decide(self, attempt: int) -> None:
        """When the bank stays undecided a person hears of it, and we go on asking."""
        review = self.purchase.move_if_possible
        truth = await in_the_end(steps.decide_payment, self._order(attempt), review)
        await self._book(attempt, truth)

    async def _lapse(self, attempt: int) -> None:
        """The payment window is over: close at the bank, whenever it answers."""
        review = self.purchase.move_if_possible
        answer = await in_the_end(steps.close_payment, self._order(attempt), review)
        if isinstance(answer, Closed):
            await self._book(attempt, answer)
        else:
            # Paid, says the bank, but not yet what: wait until it does.
            await self._decide(attempt)

    async def _settle(self, attempt: int) -> None:
        if self._current(attempt):
            await self._book(attempt, await steps.find_payment(self._order(attempt)))

    async def _book(self, attempt: int, truth: Truth) -> None:
        escrow, reference = self.purchase.escrow, self._order(attempt).reference
        event = paid_or_not(escrow, attempt, truth)
        if event is None:
            return
        await self.purchase.move_if_possible(event)
        if not isinstance(event, events.PaymentDeclined) and reference not in self.purchase.booked:
            # Paid after all, and the purchase has moved on while the bank was asked.
            await self._give_back(reference)

    async def _give_back(self, reference: str) -> None:
        escrow = self.purchase.escrow
        bank = self.purchase.banks.get(reference, escrow.bank)
        await give_back_late(late_order(escrow, reference, bank))

    def _order(self, attempt: int) -> Order:
        """To the bank that this attempt was made at: the buyer may have changed it since."""
        escrow = self.purchase.escrow
        reference = payment_reference(escrow.terms.escrow_id, attempt)
        return payment_order(escrow, attempt, self.purchase.banks.get(reference, escrow.bank))

    async def _decline(self, attempt: int, code: str) -> None:
        event = events.PaymentDeclined(attempt=attempt, code=code)
        await self.purchase.move_if_possible(event)

    def _current(self, attempt: int) -> bool:
        return self.under_way and self.purchase.escrow.attempt == attempt
