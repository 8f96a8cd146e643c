"""Bugs that people really write, each planted in one part of the model. All must be caught.

Each names the invariants of reliability.md that may catch it; caught by another one, the checks
do not mean what they say.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from banks.port import Declined, OutcomeUnknown, Truth
from domain import events, postings
from domain.accounts import Code
from domain.clock import wake_ups
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Dispute
from tests.simulation.activities import Activities, Order, settled
from tests.simulation.door import Door
from tests.simulation.late import LatePayments
from tests.simulation.ledger import ModelLedger, Step
from tests.simulation.paying import BOOKS, Paying
from tests.simulation.purchase import Parts
from tests.simulation.tasks import Command, Reply, Wish


class NewKeyPerTry(Activities):
    def move_money(self, order: Order, number: int) -> Truth:
        return super().move_money(replace(order, reference=f"{order.reference}:{number}"), number)


class TimeoutIsFailure(Activities):
    def move_money(self, order: Order, number: int) -> Truth:
        try:
            return super().move_money(order, number)
        except OutcomeUnknown:
            return Declined("timeout")


class NoQueryBeforeRetry(Activities):
    def move_money(self, order: Order, number: int) -> Truth:
        return settled(self.line.say(order.call, order.reference, order.of, order.amount))


class LatePaymentForgotten(LatePayments):
    def start(self, reference: str) -> None:
        """Not the payment we wait for: none of our business."""


class NoCallbackDedup(Paying):
    def reported(self, reference: str) -> None:
        self.memory.booked = frozenset()
        super().reported(reference)


class BookedOnlyByOwnStep(Paying):
    """What the ledger had stored before a worker died does not count as booked."""

    def follow_up(self, before: Escrow, event: Event) -> None:
        booked = self.memory.booked
        super().follow_up(before, event)
        self.memory.booked = booked

    def accept(self, wish: Wish) -> None:
        if isinstance(wish.event, BOOKS):
            self.memory.booked |= {wish.event.attempt}
        super().accept(wish)


class TimerIgnoresDispute(Paying):
    """The inspection ends when it would have ended, and releases all that is there."""

    def due(self) -> Event | None:
        since = next((s.at for s in self.ledger.steps if isinstance(s.event, events.Shipped)), None)
        if since is None or self.escrow.dispute is Dispute.NONE:
            return super().due()
        ended = since + self.escrow.terms.windows.inspection <= self.world.moment
        return events.InspectionLapsed() if ended else super().due()

    def decide(self, event: Event) -> Moved[Escrow]:
        if isinstance(event, events.InspectionLapsed):
            return all_of_it(self.escrow, event, self.world.moment)
        return super().decide(event)


class ReceiptReleasesDisputed(Paying):
    """Release without the dispute guard."""

    def decide(self, event: Event) -> Moved[Escrow]:
        if isinstance(event, events.ReceiptConfirmed):
            self.escrow.allows(event)
            return all_of_it(self.escrow, event, self.world.moment)
        return super().decide(event)


class CheckThenAct(Paying):
    """Decides on what it knew when the message came; by its turn it may not be true any more."""

    known: Escrow | None = None

    def command(self, command: Command) -> None:
        self.known = self.escrow
        super().command(command)

    def decide(self, event: Event) -> Moved[Escrow]:
        known, self.known = self.known or self.escrow, None
        if event.by in ("bank", "clock"):
            return super().decide(event)
        moved = known.after(event, self.world.moment)
        told = self.escrow.told + len(moved.tells)
        after = replace(moved.escrow, sequence=self.escrow.sequence + 1, told=told)
        return replace(moved, escrow=after)


class FeeRoundedTwice(Paying):
    """Each release pays its own rounded fee, as if it were the only one."""

    def decide(self, event: Event) -> Moved[Escrow]:
        moved = super().decide(event)
        release = moved.escrow.amounts.released - self.escrow.amounts.released
        if release == 0:
            return moved
        terms, on = self.escrow.terms, self.escrow.accounts
        fee = terms.fee.of(release)
        source = next(leg.debit for leg in moved.legs if leg.credit.code in PAYS)
        others = tuple(leg for leg in moved.legs if leg.credit.code not in PAYS)
        legs = others + postings.release(on, source, release, fee)
        return replace(moved, legs=legs)


PAYS = (Code.MERCHANT_PAYABLE, Code.MERCHANT_RESERVE, Code.FEE)


class AcknowledgedBeforeStored(Paying):
    def turn(self, wish: Wish) -> None:
        if wish.command:
            self.answered(Reply(wish.command, None, self.escrow.sequence))
        super().turn(wish)


class JudgedFromBehind(Paying):
    """A refusal is final, whatever the ledger knows by now."""

    def refuse_for_good(self, wish: Wish, refusal: Refusal) -> None:
        self.refuse(wish, refusal)

    def row_moved(self) -> None:
        """Not listened to."""


class ClockNotAskedAgain(Paying):
    """Followed somebody else's step, and still does what was due before it."""

    def look_again(self, wish: Wish) -> None:
        self.memory.queue.insert(0, wish)

    def turn(self, wish: Wish) -> None:
        if isinstance(wish.event, events.PaymentLapsed):
            self.commit(wish)
        else:
            super().turn(wish)


class EndsWithMoneyUnderWay(Paying):
    """Ended is taken for settled: nobody hears what the bank says to the last refund."""

    def rest(self) -> None:
        super().rest()
        self.over = self.over or (self.escrow.ended and bool(self.escrow.returns))

    def hear(self, *message: Any) -> None:
        if not self.over:
            super().hear(*message)


class NoticeTriedOnce(Paying):
    def tell(self, first: int, count: int) -> None:
        deaf = self.world.hits("merchant deaf")
        super().tell(first, 0 if deaf else count)


class TimerSetOnce(Paying):
    """The first timer of a purchase is its only one."""

    def wake_up(self) -> datetime | None:
        calls = wake_ups(self.escrow)
        return super().wake_up() if calls and self.escrow.sequence < 3 else None


class OtherStepTakenForOurs(ModelLedger):
    """Idempotent by number alone: what is stored under it is taken for what was asked."""

    def _record(self, moved: Moved[Escrow], command: str) -> Step | None:
        super()._record(moved, command)
        return None


class PostedOutsideTheTransaction(ModelLedger):
    """The step is committed, then its legs: between the two a database may go away."""

    def _post(self, moved: Moved[Escrow], command: str) -> None:
        self._append(moved, command)
        if self._world.hits("ledger silent"):
            raise OutcomeUnknown
        self._move(moved.legs)


class EventsNumberedByRow(ModelLedger):
    """Public events take the step's number: those of one step share it, silent steps leave gaps."""

    def _append(self, moved: Moved[Escrow], command: str) -> None:
        super()._append(moved, command)
        self.told = moved.escrow.sequence


class RefusedByItsOwnEffect(Door):
    """A command that comes again is judged by the row alone, which it has moved itself."""

    def done_before(self, command: Command) -> bool:
        return False


def all_of_it(escrow: Escrow, event: Event, at: datetime) -> Moved[Escrow]:
    """Releases what is held and, wrongly, what is disputed."""
    amounts, disputed = escrow.amounts, escrow.amounts.disputed
    whole = replace(amounts, held=amounts.held + disputed, disputed=0)
    settled = replace(escrow, amounts=whole, dispute=Dispute.NONE, dispute_deadline=None)
    moved = settled.after(event, at)
    back = postings.withdraw_dispute(escrow.accounts, disputed)
    return replace(moved, legs=back + moved.legs)


@dataclass(frozen=True, slots=True)
class Bug:
    caught_by: set[str]
    parts: Parts
    weather: dict[str, float] = field(default_factory=dict)


BUGS: dict[str, Bug] = {
    "a new key for each try": Bug({"I2", "I6"}, Parts(activities=NewKeyPerTry)),
    "a timeout treated as a failure": Bug({"I6"}, Parts(activities=TimeoutIsFailure)),
    "no query before a retry": Bug({"I2", "I6"}, Parts(activities=NoQueryBeforeRetry)),
    "a late payment ignored": Bug({"I6"}, Parts(late=LatePaymentForgotten)),
    "no callback dedup": Bug({"I2", "I6"}, Parts(story=NoCallbackDedup)),
    "booked only by one's own step": Bug(
        {"I2", "I6"}, Parts(story=BookedOnlyByOwnStep), {"worker dies": 0.5, "callback twice": 1}
    ),
    "the timer ignores a dispute": Bug({"I4"}, Parts(story=TimerIgnoresDispute)),
    "a release without the dispute guard": Bug({"I4"}, Parts(story=ReceiptReleasesDisputed)),
    "check, then act": Bug({"I1", "I6", "I9"}, Parts(story=CheckThenAct)),
    "a fee rounded twice": Bug({"I1"}, Parts(story=FeeRoundedTwice)),
    "acknowledged before it is stored": Bug({"I5"}, Parts(story=AcknowledgedBeforeStored)),
    "refused by what was true before": Bug({"I5", "I9"}, Parts(story=JudgedFromBehind)),
    "the clock not asked again": Bug({"I2"}, Parts(story=ClockNotAskedAgain)),
    "ended before the bank has answered": Bug({"I7"}, Parts(story=EndsWithMoneyUnderWay)),
    "a notice tried once": Bug({"I8"}, Parts(story=NoticeTriedOnce)),
    "a timer set once": Bug({"I7"}, Parts(story=TimerSetOnce)),
    "another step taken for ours": Bug({"I1", "I5", "I6"}, Parts(ledger=OtherStepTakenForOurs)),
    "posted outside the transaction": Bug({"I1", "I6"}, Parts(ledger=PostedOutsideTheTransaction)),
    "refused by its own effect": Bug({"I9"}, Parts(door=RefusedByItsOwnEffect)),
    "events numbered by the step": Bug({"I8"}, Parts(ledger=EventsNumberedByRow)),
}
