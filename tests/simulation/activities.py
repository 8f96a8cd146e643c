"""Regular activities: tried until they succeed, in the rhythm of the real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from activities.patience import bank_delay
from banks.port import Begun, OutcomeUnknown, Pending, Truth, Unheard
from tests.simulation.bank import Line
from tests.simulation.world import DAY, World

#: How long Temporal waits before it believes that a worker died with an activity.
TIMEOUT = 20.0
TRIES_BEFORE_REVIEW = 6


@dataclass(frozen=True, slots=True)
class Order:
    """Money to be moved at the bank: `call` is deduct, refund or unfreeze."""

    call: str
    reference: str
    of: str
    amount: int


class Activities:
    def __init__(self, world: World, line: Line) -> None:
        self._world = world
        self.line = line
        #: Our own rows: when each reference was first sent.
        self._begun: dict[str, float] = {}

    def start(
        self,
        attempt: Callable[[int], Any],
        done: Callable[[Any], None],
        troubled: Callable[[], None] | None = None,
    ) -> None:
        """Call `attempt(number)` until it answers; after some tries somebody hears of trouble."""
        self._world.after(self._latency(), self._try, 1, attempt, done, troubled)

    def _try(
        self,
        number: int,
        attempt: Callable[[int], Any],
        done: Callable[[Any], None],
        troubled: Callable[[], None] | None,
    ) -> None:
        world, again = self._world, (number + 1, attempt, done, troubled)
        dies = world.hits("activity dies")
        if dies and world.rng.random() < 0.3:
            world.after(TIMEOUT, self._try, *again)
            return
        try:
            answer = attempt(number)
        except OutcomeUnknown:
            if number == TRIES_BEFORE_REVIEW and troubled is not None:
                troubled()
            world.after(bank_delay(number).total_seconds(), self._try, *again)
            return
        if dies:
            world.after(TIMEOUT, self._try, *again)
        else:
            world.after(self._latency(), done, answer)

    def _latency(self) -> float:
        return self._world.rng.random() * 0.5

    def decide(self, reference: str) -> Truth:
        """The bank's definitive answer about a payment. Raises OutcomeUnknown until it has one."""
        truth: Truth = self.line.say("find", reference)
        if isinstance(truth, Pending | Unheard):
            raise OutcomeUnknown
        return truth

    def move_money(self, order: Order, number: int) -> Truth:
        """Once, however often it is called: what may have left before is asked about first."""
        begun = self._begin(order.reference)
        if begun is not Begun.NOW:
            truth = self._ask(order, begun)
            if not isinstance(truth, Unheard):
                return settled(truth)
        return settled(self.line.say(order.call, order.reference, order.of, order.amount))

    def _begin(self, reference: str) -> Begun:
        now = self._world.now
        first = self._begun.setdefault(reference, now)
        if first == now:
            return Begun.NOW
        return Begun.BEFORE if now - first < self.line.bank.memory else Begun.LONG_AGO

    def _ask(self, order: Order, begun: Begun) -> Truth:
        truth: Truth = self.line.say("find", order.reference)
        if begun is Begun.LONG_AGO and isinstance(truth, Unheard):
            truth = self._on_the_statement(order.reference)
        return truth

    def _on_the_statement(self, reference: str) -> Truth:
        """Past the bank's memory nothing is sent again blind: a day's statement decides."""
        if self._world.now - self._begun[reference] < self.line.bank.memory + DAY:
            raise OutcomeUnknown
        truth = self.line.bank.statement(reference)
        if isinstance(truth, Unheard):
            self._begun[reference] = self._world.now
        return truth


def settled(truth: Truth) -> Truth:
    """Raises OutcomeUnknown while the bank works on it."""
    if isinstance(truth, Pending):
        raise OutcomeUnknown
    return truth
