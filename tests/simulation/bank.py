"""A model bank with its own journal. It executes what it is told; only `Line` loses messages.

It is the oracle: it does not protect us from ourselves. It refunds as often as it is told under
new references, and forgets old ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from banks.port import (
    AlreadyPaid,
    Closed,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)
from domain.terms import Funding
from tests.simulation.world import DAY, HOUR, World


@dataclass(frozen=True, slots=True)
class Entry:
    """Money that moved: `kind` is charge, freeze, capture, unfreeze, expiry or refund."""

    kind: str
    reference: str
    of: str
    amount: int


@dataclass(slots=True)
class Payment:
    amount: int
    funding: Funding
    truth: Truth = field(default_factory=Pending)
    visible_at: float = 0.0
    #: The buyer has pressed the button and the bank is thinking.
    under_way: bool = False


@dataclass(slots=True)
class Done:
    answer: Truth
    at: float
    visible_at: float


class ModelBank:
    def __init__(self, world: World, report: Callable[[str], None]) -> None:
        self.world = world
        self.report = report
        self.journal: list[Entry] = []
        self.payments: dict[str, Payment] = {}
        self.done: dict[str, Done] = {}
        self.refused_refunds: list[Entry] = []
        #: How long it knows a reference again, in seconds.
        self.memory = world.rng.choice((HOUR, 6 * HOUR, DAY))
        self.hold = timedelta(seconds=world.rng.choice((6 * HOUR, 2 * DAY, 6 * DAY)))

    def start_payment(self, reference: str, amount: int, funding: Funding) -> Redirect | Declined:
        payment = self.payments.setdefault(reference, Payment(amount, funding))
        return Declined("closed") if isinstance(payment.truth, Closed) else Redirect(reference)

    def close_payment(self, reference: str) -> Closed | AlreadyPaid:
        payment = self.payments.setdefault(reference, Payment(0, Funding.DEDUCT, Closed()))
        if isinstance(payment.truth, Deducted | Frozen | Unfrozen):
            return AlreadyPaid()
        if payment.under_way and not self.world.hits("paid after close"):
            return AlreadyPaid()
        if isinstance(payment.truth, Pending):
            payment.truth = Closed()
        return Closed()

    def visit(self, reference: str) -> None:
        """The buyer presses "pay" on this payment's page."""
        payment = self.payments.get(reference)
        if payment and isinstance(payment.truth, Pending) and not payment.under_way:
            payment.under_way = True
            self.world.after(self.world.rng.random() * 90, self._decide, reference)

    def _decide(self, reference: str) -> None:
        """Declined or paid; paid, too, when it was told to close meanwhile and is not up to it."""
        payment, world = self.payments[reference], self.world
        payment.under_way = False
        if world.answers("declined"):
            if isinstance(payment.truth, Pending):
                payment.truth = Declined("insufficient_funds")
                self._tell(reference)
            return
        amount = payment.amount
        if world.answers("other amount"):
            amount = world.rng.randrange(1, amount + 2)
        payment.visible_at = self._visible_at()
        if payment.funding is Funding.DEDUCT:
            payment.truth = Deducted(amount)
            self.journal.append(Entry("charge", reference, "", amount))
        else:
            until = world.moment + self.hold
            payment.truth = Frozen(amount, until)
            self.journal.append(Entry("freeze", reference, "", amount))
            world.at(until, self._expire, reference)
        self._tell(reference)

    def _expire(self, reference: str) -> None:
        payment = self.payments[reference]
        if isinstance(payment.truth, Frozen):
            self.journal.append(
                Entry("expiry", f"{reference}:expiry", reference, payment.truth.amount)
            )
            payment.truth = Declined("expired")

    def deduct(self, reference: str, of: str, amount: int) -> Truth:
        return self._once(reference, lambda: self._capture(reference, of, amount))

    def _capture(self, reference: str, of: str, amount: int) -> Truth:
        payment = self.payments[of]
        if not isinstance(payment.truth, Frozen):
            return payment.truth if isinstance(payment.truth, Declined) else Declined("not_frozen")
        if self.world.answers("declined"):
            return Declined("issuer_down")
        if self.world.answers("other amount"):
            amount = self.world.rng.randrange(1, amount + 1)
        self.journal.append(Entry("capture", reference, of, amount))
        payment.truth = Deducted(amount)
        return Deducted(amount)

    def unfreeze(self, reference: str, of: str, _amount: int) -> Truth:
        return self._once(reference, lambda: self._let_go(reference, of))

    def _let_go(self, reference: str, of: str) -> Truth:
        payment = self.payments[of]
        if not isinstance(payment.truth, Frozen):
            return payment.truth if isinstance(payment.truth, Declined) else Declined("not_frozen")
        self.journal.append(Entry("unfreeze", reference, of, payment.truth.amount))
        payment.truth = Unfrozen()
        return Unfrozen()

    def refund(self, reference: str, of: str, amount: int) -> Truth:
        return self._once(reference, lambda: self._pay_back(reference, of, amount))

    def _pay_back(self, reference: str, of: str, amount: int) -> Truth:
        if self.world.answers("refund refused"):
            self.refused_refunds.append(Entry("refused", reference, of, amount))
            return Declined("account_closed")
        if self.world.answers("pending"):
            self.world.after(self.world.rng.random() * HOUR / 2, self._paid, reference, of, amount)
            return Pending()
        self.journal.append(Entry("refund", reference, of, amount))
        return Refunded(amount)

    def _paid(self, reference: str, of: str, amount: int) -> None:
        self.journal.append(Entry("refund", reference, of, amount))
        self.done[reference].answer = Refunded(amount)

    def find(self, reference: str) -> Truth:
        payment, now = self.payments.get(reference), self.world.now
        if payment is not None:
            return payment.truth if now >= payment.visible_at else Pending()
        done = self.done.get(reference)
        return done.answer if done and now >= done.visible_at else Unheard()

    def statement(self, reference: str) -> Truth:
        """The next day's: what was booked under this reference, without a lag."""
        done = self.done.get(reference)
        return done.answer if done else Unheard()

    def _once(self, reference: str, act: Callable[[], Truth]) -> Truth:
        known, now = self.done.get(reference), self.world.now
        if known is not None and now - known.at < self.memory:
            return known.answer
        self.done[reference] = Done(Unheard(), now, self._visible_at())
        self.done[reference].answer = answer = act()
        return answer

    def _visible_at(self) -> float:
        lags = self.world.hits("find lags")
        return self.world.now + (self.world.rng.random() * 120 if lags else 0.0)

    def _tell(self, reference: str) -> None:
        world = self.world
        for _ in range(2 if world.hits("callback twice") else 1):
            if world.hits("callback lost"):
                # It is sent again until somebody has heard it.
                world.after(world.heals_at - world.now + 60, self.report, reference)
            elif world.hits("callback late"):
                world.after(world.rng.random() * 3 * DAY, self.report, reference)
            else:
                world.after(world.rng.random() * 5, self.report, reference)


class Line:
    """Between us and the bank: what is said may be lost, late, or heard and not answered."""

    def __init__(self, world: World, bank: ModelBank) -> None:
        self._world = world
        self.bank = bank

    def say(self, call: str, *args: Any) -> Any:
        """Raises OutcomeUnknown."""
        world = self._world
        told: Callable[..., Any] = getattr(self.bank, call)
        if world.bank_is_down() or world.hits("request lost"):
            raise OutcomeUnknown
        if world.hits("request late"):
            world.after(world.rng.random() * 600, told, *args)
            raise OutcomeUnknown
        answer = told(*args)
        if world.hits("executed, answer lost"):
            raise OutcomeUnknown
        return answer
