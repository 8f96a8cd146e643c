"""A model ledger: one step in, everything or nothing stored; some balances never below zero."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from banks.port import OutcomeUnknown
from domain import events
from domain.accounts import CHART, Account, Code, Guard, Journal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Stage
from tests.simulation.world import World

GUARDED = frozenset(code for code, (_, _, guard) in CHART.items() if guard is Guard.CREDIT)
#: All that may take money out of a dispute (I4).
DECIDE_DISPUTES = frozenset(
    {
        events.DisputeWithdrawn,
        events.DisputeAccepted,
        events.AnswerLapsed,
        events.DisputeResolved,
        events.ArbitrationLapsed,
    }
)
#: What may only happen when nothing can be paid any more at a bank.
LEAVE_A_PAYMENT_OPEN = (events.PaymentStarted, events.Cancelled, events.PaymentLapsed)


class Violation(AssertionError):
    """What must never happen has happened."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stored step, and the command that asked for it ("" for facts)."""

    event: Event
    at: datetime
    after: Escrow
    told: int
    command: str


class ModelLedger:
    def __init__(self, world: World, stored: Callable[[Step], None]) -> None:
        self._world = world
        self._stored = stored
        self.steps: list[Step] = []
        self.posted: set[tuple[str, int]] = set()
        #: Credits less debits.
        self.balances: Counter[Account] = Counter()
        #: Public events so far; the first is `created`.
        self.told = 1

    def record(self, moved: Moved[Escrow], command: str) -> Step | None:
        """None when it is stored as given; else what has that number. Raises OutcomeUnknown."""
        silent = self._world.hits("ledger silent")
        if silent and self._world.rng.random() < 0.5:
            raise OutcomeUnknown
        stored = self._record(moved, command)
        if silent:
            raise OutcomeUnknown
        return stored

    def post(self, subject: str, sequence: int, legs: Journal) -> None:
        """A journal of no live purchase, once. Raises OutcomeUnknown."""
        if self._world.hits("ledger silent"):
            raise OutcomeUnknown
        if (subject, sequence) not in self.posted:
            self.posted.add((subject, sequence))
            self._move(legs)

    def step(self, sequence: int) -> Step | None:
        """Step `sequence`, counted from 2."""
        return self.steps[sequence - 2] if sequence - 2 < len(self.steps) else None

    @property
    def version(self) -> int:
        return len(self.steps) + 1

    def booked(self, attempt: int) -> bool:
        """The money of this attempt is in the books already: a report of it is no news."""
        booking = (events.PaymentSucceeded, events.PaymentMismatched)
        said = (step.event for step in self.steps)
        return any(isinstance(event, booking) and event.attempt == attempt for event in said)

    def _record(self, moved: Moved[Escrow], command: str) -> Step | None:
        known = self.step(moved.escrow.sequence)
        if known is not None:
            return None if (known.event, known.at) == (moved.event, moved.at) else known
        if moved.escrow.sequence != self.version + 1:
            raise Violation(f"I6: {moved.event.name} is out of order")
        self._post(moved, command)
        return None

    def _post(self, moved: Moved[Escrow], command: str) -> None:
        self._guard(moved)
        self._move(moved.legs)
        self._append(moved, command)

    def _guard(self, moved: Moved[Escrow]) -> None:
        stage = self.steps[-1].after.stage if self.steps else Stage.AWAITING_PAYMENT
        if stage is Stage.PAYING and type(moved.event) in LEAVE_A_PAYMENT_OPEN:
            raise Violation(f"I2: {moved.event.name} leaves a payment open at the bank")
        for leg in moved.legs:
            disputed = leg.debit.code is Code.ESCROW_DISPUTED
            if disputed and type(moved.event) not in DECIDE_DISPUTES:
                raise Violation(f"I4: {moved.event.name} takes disputed money")

    def _move(self, legs: Journal) -> None:
        for leg in legs:
            self.balances[leg.debit] -= leg.amount
            self.balances[leg.credit] += leg.amount
        for leg in legs:
            if leg.debit.code in GUARDED and self.balances[leg.debit] < 0:
                raise Violation(f"I1: account {leg.debit.code:d} is overdrawn")

    def _append(self, moved: Moved[Escrow], command: str) -> None:
        if moved.escrow.told - len(moved.tells) != self.told:
            raise Violation("I8: the numbering of public events has a gap")
        self.told = moved.escrow.told
        step = Step(moved.event, moved.at, moved.escrow, self.told, command)
        self.steps.append(step)
        self._stored(step)

    def total(self, code: Code) -> int:
        return sum(amount for account, amount in self.balances.items() if account.code is code)
