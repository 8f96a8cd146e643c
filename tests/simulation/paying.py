"""From the choice of a bank to the bank's word: attempts that never overlap at the bank."""

from datetime import datetime

from banks.port import (
    Closed,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
)
from domain import events
from domain.errors import BankUndecided, Refusal
from domain.escrow import Escrow
from domain.events import Event
from domain.states import Stage, payment_reference
from tests.simulation.story import Story
from tests.simulation.tasks import Wish
from tests.simulation.world import seconds

FIRST_ASK = 180.0
LEAVES = (events.PaymentStarted, events.Cancelled)
BOOKS = (events.PaymentSucceeded, events.PaymentMismatched)


class Paying(Story):
    """Acts on what the bank answers, never on what a callback claims."""

    @property
    def under_way(self) -> bool:
        return self.escrow.stage is Stage.PAYING

    # Messages.

    def reported(self, reference: str) -> None:
        """A report is a hint. What is not the payment under way is late, or no news."""
        attempt = int(reference.rpartition(":")[2])
        if attempt in self.memory.booked:
            return
        if self.under_way and reference == self.escrow.payment:
            self._hear_out(attempt)
        else:
            self.send(self.late.start, reference)

    def rang(self) -> None:
        """While it is paid the bank is asked; at the end of the window it is told to close."""
        if not self.under_way:
            super().rang()
            return
        now, attempt = self.world.now, self.escrow.attempt
        if self.escrow.deadline is not None and seconds(self.escrow.deadline) <= now:
            self._close(attempt)
        else:
            self.memory.ask_after *= 2
            self.memory.ask_at = now + self.memory.ask_after
            self._settle(attempt)

    def close_done(self, attempt: str, answer: object) -> None:
        if not isinstance(answer, Closed):
            # Paid, says the bank, but not yet what: wait until it does.
            reference = self._reference(int(attempt))
            self.errand(f"decide {attempt}", lambda _: self.activities.decide(reference))
        else:
            self._book(int(attempt), Declined("closed"))

    def find_done(self, attempt: str, truth: Truth) -> None:
        self._book(int(attempt), truth)

    decide_done = hear_done = find_done

    # The lock and the table.

    def turn(self, wish: Wish) -> None:
        """Whoever wants to pay anew or to cancel first makes sure that nothing can be paid."""
        leaves = isinstance(wish.event, LEAVES) and self.under_way
        if leaves and not self.already_true(wish):
            self._leave(wish)
        else:
            super().turn(wish)

    def due(self) -> Event | None:
        return None if self.under_way else super().due()

    def refuse(self, wish: Wish, refusal: Refusal) -> None:
        if isinstance(wish.event, BOOKS) and wish.event.attempt not in self.memory.booked:
            # Paid after all, and the purchase has moved on while the bank was asked.
            self.send(self.late.start, self._reference(wish.event.attempt))
        super().refuse(wish, refusal)

    def _leave(self, wish: Wish) -> None:
        attempt = self.escrow.attempt
        reference = self._reference(attempt)
        try:
            truth: Truth = self.local(lambda: self.line.say("close_payment", reference))
            if not isinstance(truth, Closed):
                truth = self.local(lambda: self.line.say("find", reference))
        except OutcomeUnknown:
            self.refuse_for_good(wish, BankUndecided())
            return
        event = self.paid_or_not(attempt, truth)
        if event is None:
            self.refuse_for_good(wish, BankUndecided())
        else:
            self.memory.queue.insert(0, wish)
            self.commit(Wish(event))

    # What a step sets going.

    def follow_up(self, before: Escrow, event: Event) -> None:
        super().follow_up(before, event)
        if isinstance(event, BOOKS):
            self.memory.booked |= {event.attempt}
        if isinstance(event, events.PaymentStarted):
            self.memory.ask_after = FIRST_ASK
            self.memory.ask_at = self.world.now + FIRST_ASK
            self.memory.page = self._page()

    def _page(self) -> str:
        """Where the buyer pays; "" when the bank is silent: then the buyer chooses again."""
        escrow, terms = self.escrow, self.escrow.terms
        try:
            page: Redirect | Declined = self.local(
                lambda: self.line.say("start_payment", escrow.payment, terms.amount, terms.funding)
            )
        except OutcomeUnknown:
            return ""
        if isinstance(page, Redirect):
            return page.url
        self._book(escrow.attempt, page)
        return ""

    def wake_up(self) -> datetime | None:
        if not self.under_way:
            return super().wake_up()
        attempt = self.escrow.attempt
        if {f"close {attempt}", f"decide {attempt}"} & self.memory.errands:
            return None
        return self._next_ask()

    def _next_ask(self) -> datetime | None:
        ask_at, deadline = self.memory.ask_at, self.escrow.deadline
        if ask_at is None or (deadline is not None and seconds(deadline) <= ask_at):
            return deadline
        return self.world.moment_at(ask_at)

    # The bank's word.

    def _close(self, attempt: int) -> None:
        reference = self._reference(attempt)
        try:
            answer = self.local(lambda: self.line.say("close_payment", reference))
        except OutcomeUnknown:
            self.errand(f"close {attempt}", lambda _: self.line.say("close_payment", reference))
        else:
            self.close_done(str(attempt), answer)

    def _settle(self, attempt: int) -> None:
        reference = self._reference(attempt)
        try:
            truth = self.local(lambda: self.line.say("find", reference))
        except OutcomeUnknown:
            self.errand(f"find {attempt}", lambda _: self.line.say("find", reference))
        else:
            self._book(attempt, truth)

    def _hear_out(self, attempt: int) -> None:
        """Something has happened, says the bank: ask until it says what, also if we move on."""
        reference = self._reference(attempt)
        try:
            truth = self.local(lambda: self.activities.decide(reference))
        except OutcomeUnknown:
            self.errand(f"hear {attempt}", lambda _: self.activities.decide(reference))
        else:
            self._book(attempt, truth)

    def _book(self, attempt: int, truth: Truth) -> None:
        event = self.paid_or_not(attempt, truth)
        if event is not None:
            self.wish(Wish(event))

    def paid_or_not(self, attempt: int, truth: Truth) -> Event | None:
        """The event that the bank's answer means; None while it is undecided."""
        price = self.escrow.terms.amount
        match truth:
            case Deducted(amount=amount) if amount == price:
                return events.PaymentSucceeded(attempt=attempt, amount=amount)
            case Frozen(amount=amount, capture_before=until) if amount == price:
                return events.PaymentSucceeded(attempt=attempt, amount=amount, capture_before=until)
            case Deducted(amount=amount) | Frozen(amount=amount):
                frozen = isinstance(truth, Frozen)
                return events.PaymentMismatched(attempt=attempt, amount=amount, frozen=frozen)
            case Declined(code=code):
                return events.PaymentDeclined(attempt=attempt, code=code)
            case Closed():
                return events.PaymentDeclined(attempt=attempt, code="closed")
            case Unfrozen() | Refunded():
                return events.PaymentDeclined(attempt=attempt, code="given_back")
            case _:
                return None

    def _reference(self, attempt: int) -> str:
        return payment_reference(self.escrow.terms.escrow_id, attempt)
