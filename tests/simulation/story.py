"""A model of the purchase's workflow: one writer, the table asked again, a ledger that may be
ahead, money moved at the bank only after the step that says so is stored.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from banks.port import Declined, Deducted, OutcomeUnknown, Truth
from domain import events
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import BANK_SILENT, Party, Stage, Way
from tests.simulation.activities import Activities, Order
from tests.simulation.late import LatePayments
from tests.simulation.ledger import ModelLedger, Step, Violation
from tests.simulation.tasks import Command, Reply, Tasks, Wish
from tests.simulation.world import World

#: Answers to an unfreeze that mean: the buyer has the money already.
NOT_FROZEN = ("expired", "not_frozen")


class Story(Tasks):
    """The part that every purchase has; `Paying` adds the way to the money."""

    def __init__(
        self,
        world: World,
        escrow: Escrow,
        ledger: ModelLedger,
        activities: Activities,
        late: LatePayments,
        answered: Callable[[Reply], None],
    ) -> None:
        super().__init__(world, escrow, activities)
        self.ledger, self.late, self.answered = ledger, late, answered
        self.line = activities.line
        self.over = False
        #: Public events that the merchant has heard; the API itself told the first.
        self.heard = {1}

    @property
    def escrow(self) -> Escrow:
        return self.memory.escrow

    # Messages.

    def command(self, command: Command) -> None:
        """An update: a cheap first look, then its turn. Temporal knows an accepted one again."""
        wish = Wish(command.event, command)
        if command.id in self.memory.asked or self.already_true(wish):
            return
        try:
            self.escrow.allows(command.event)
        except Refusal as refusal:
            self.refuse(wish, refusal)
        else:
            self.memory.asked |= {command.id}
            self.wish(wish)

    def receipt(self, command: Command) -> None:
        """The signal; the same one twice is one."""
        if command.id not in self.memory.seen:
            self.memory.seen |= {command.id}
            self.wish(Wish(command.event))

    def row_moved(self) -> None:
        """The door has seen on the row what we do not know yet."""
        if self.memory.recording is None:
            self.catch_up()

    def rang(self) -> None:
        self.wish(Wish(None))

    def bank_is_silent(self) -> None:
        self.wish(Wish(events.ReviewNeeded(reason=BANK_SILENT)))

    def recorded(self, stored: Step | None) -> None:
        """The ledger has answered at last; whoever waited for the lock goes on."""
        recording, self.memory.recording = self.memory.recording, None
        assert recording is not None
        moved, wish = recording
        if not self._came_true(moved, stored, wish):
            self.look_again(wish)

    def errand_done(self, name: str, answer: Truth) -> None:
        self.memory.errands -= {name}
        what, _, rest = name.partition(" ")
        getattr(self, f"{what}_done")(rest, answer)

    def deduct_done(self, reference: str, answer: Truth) -> None:
        capture = int(reference.rpartition(":")[2])
        match answer:
            case Deducted(amount=amount) if amount == self.escrow.terms.amount:
                self.wish(Wish(events.Captured(capture=capture, amount=amount)))
            case Deducted(amount=amount):
                self.wish(Wish(events.CaptureMismatched(capture=capture, amount=amount)))
            case Declined(code=code):
                self.wish(Wish(events.CaptureRefused(capture=capture, code=code)))

    def return_done(self, reference: str, answer: Truth) -> None:
        way = next(back.way for back in self.escrow.returns if back.reference == reference)
        gone = way is Way.UNFREEZE and getattr(answer, "code", "") in NOT_FROZEN
        if isinstance(answer, Declined) and not gone:
            self.wish(Wish(events.ReturnRefused(reference=reference, code=answer.code)))
        else:
            self.wish(Wish(events.ReturnSucceeded(reference=reference)))

    # The lock and the table.

    def wish(self, wish: Wish) -> None:
        self.memory.queue.append(wish)

    def run(self) -> None:
        while self.memory.queue and self.memory.recording is None:
            self.turn(self.memory.queue.pop(0))

    def turn(self, wish: Wish) -> None:
        """The lock is ours: what was true when the wish was made may not be any more."""
        if wish.event is None:
            due = self.due()
            if due is not None:
                self.commit(Wish(due))
        elif not self.already_true(wish):
            self.commit(wish)

    def look_again(self, wish: Wish) -> None:
        """The ledger was ahead: what is to be done now is another question than before."""
        clocks = wish.event is not None and wish.event.by is Party.CLOCK
        self.memory.queue.insert(0, Wish(None) if clocks else wish)

    def already_true(self, wish: Wish) -> bool:
        """Its update comes again, and its step was found in the ledger meanwhile."""
        done = self.memory.accepted.get(wish.by)
        if done is None or wish.command is None:
            return False
        self.send(self.answered, Reply(wish.command, None, done))
        return True

    def due(self) -> Event | None:
        return self.escrow.due(self.world.moment)

    def commit(self, wish: Wish) -> None:
        """Ask the table, store the step, only then believe it; follow a ledger that is ahead."""
        assert wish.event is not None
        try:
            moved = self.decide(wish.event)
        except Refusal as refusal:
            self.refuse_for_good(wish, refusal)
            return
        try:
            stored = self.local(lambda: self.ledger.record(moved, wish.by))
        except OutcomeUnknown:
            self._record_patiently(moved, wish)
            return
        if not self._came_true(moved, stored, wish):
            self.look_again(wish)

    def decide(self, event: Event) -> Moved[Escrow]:
        return self.escrow.after(event, self.world.moment)

    def accept(self, wish: Wish) -> None:
        if wish.command:
            sequence, page = self.escrow.sequence, self.memory.page
            self.memory.accepted[wish.by] = sequence
            self.send(self.answered, Reply(wish.command, None, sequence, page))

    def refuse(self, wish: Wish, refusal: Refusal) -> None:
        if wish.command:
            sequence = self.escrow.sequence
            self.send(self.answered, Reply(wish.command, type(refusal), sequence))

    def _record_patiently(self, moved: Moved[Escrow], wish: Wish) -> None:
        self.memory.recording = (moved, wish)
        self.send(
            self.activities.start,
            lambda _: self.ledger.record(moved, wish.by),
            lambda stored: self.hear("recorded", stored),
        )

    def _came_true(self, moved: Moved[Escrow], stored: Step | None, wish: Wish) -> bool:
        """Whether this is now stored; if not, what was stored instead is believed."""
        if stored is None:
            self.believe(moved)
        else:
            self._follow(stored)
            if (stored.event, stored.command) != (moved.event, wish.by):
                return False
        self.accept(wish)
        return True

    def _follow(self, stored: Step) -> None:
        self.believe(self.escrow.after(stored.event, stored.at))
        if stored.command:
            # Its update may come again: what it asked for has happened.
            self.memory.accepted[stored.command] = self.escrow.sequence

    def refuse_for_good(self, wish: Wish, refusal: Refusal) -> None:
        """What was true before a worker died refuses nothing: first look for later steps."""
        if self.catch_up():
            self.look_again(wish)
        else:
            self.refuse(wish, refusal)

    def catch_up(self) -> bool:
        """Follow the ledger as far as it goes; whether it was ahead."""
        before = self.escrow.sequence
        while stored := self.local(lambda: self.ledger.step(self.escrow.sequence + 1)):
            self._follow(stored)
        return self.escrow.sequence > before

    # What a step sets going.

    def believe(self, moved: Moved[Escrow]) -> None:
        before, self.memory.escrow = self.escrow, moved.escrow
        self.tell(before.told + 1, len(moved.tells))
        self.follow_up(before, moved.event)

    def tell(self, first: int, count: int) -> None:
        """Public events number `first` and on, at once or by and by."""
        for number in range(first, first + count):
            if number > self.ledger.told:
                raise Violation(f"I5: public event {number} is told before it is stored")
            if self.world.hits("merchant deaf"):
                self.send(self.activities.start, partial(told_at_last, number), self.heard.add)
            else:
                self.local(partial(self.heard.add, number))

    def follow_up(self, before: Escrow, event: Event) -> None:
        escrow = self.escrow
        if escrow.stage is Stage.CAPTURING and before.stage is not Stage.CAPTURING:
            deduction = Order("deduct", escrow.capture, escrow.payment, escrow.terms.amount)
            self.errand(f"deduct {escrow.capture}", partial(self.activities.move_money, deduction))
        for back in escrow.returns:
            if back not in before.returns:
                order = Order(back.way, back.reference, back.of, back.amount)
                move = partial(self.activities.move_money, order)
                self.errand(f"return {back.reference}", move)

    # The timer.

    def rest(self) -> None:
        memory = self.memory
        busy = memory.queue or memory.recording or memory.errands or self._inbox
        if self.escrow.settled and not busy:
            self.over = True
        elif not memory.recording and (moment := self.wake_up()) != memory.timer:
            memory.timer = moment
            if moment is not None:
                self.world.at(moment, self._ring, moment)

    def wake_up(self) -> datetime | None:
        return None if self.escrow.ended else self.escrow.next_wake_up

    def _ring(self, moment: datetime) -> None:
        if self.memory.timer == moment and not self.over:
            self.memory.timer = None
            self.hear("rang")


def told_at_last(number: int, _: int) -> int:
    return number
