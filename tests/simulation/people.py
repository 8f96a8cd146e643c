"""Buyer, merchant and operator: each does what it may, when it likes, and sometimes all at once."""

from collections.abc import Callable
from datetime import timedelta

from domain import events
from domain.escrow import Escrow
from domain.events import Event
from domain.states import Dispute, Party, Reason, Stage
from domain.terms import BUYERS_EXTENSION
from tests.simulation.door import Door
from tests.simulation.tasks import Command
from tests.simulation.world import DAY, HOUR, World, seconds

Wish = Callable[[World, Escrow], Event]
MOST_ACTS = 24


def part_of(world: World, most: int) -> int:
    """All of it, as often as not; else some; now and then more than there is."""
    luck = world.rng.random()
    if luck < 0.5 or most < 2:
        return max(most, 1)
    return world.rng.randrange(1, most) if luck < 0.9 else most + 1


def pay(world: World, _: Escrow) -> Event:
    return events.PaymentStarted(bank="sandbox", method="online_banking")


def cancel(world: World, _: Escrow) -> Event:
    return events.Cancelled(by=world.rng.choice((Party.BUYER, Party.MERCHANT)))


def ship(world: World, _: Escrow) -> Event:
    return events.Shipped()


def deliver(world: World, _: Escrow) -> Event:
    return events.Delivered()


def confirm(world: World, _: Escrow) -> Event:
    return events.ReceiptConfirmed()


def extend(world: World, _: Escrow) -> Event:
    if world.rng.random() < 0.5:
        return events.InspectionExtended(extension=BUYERS_EXTENSION, by=Party.BUYER)
    longer = timedelta(days=world.rng.randrange(1, 12))
    return events.InspectionExtended(extension=longer, by=Party.MERCHANT)


def refund(world: World, row: Escrow) -> Event:
    amount = row.amounts.authorised or part_of(world, row.amounts.held)
    return events.RefundGranted(amount=amount)


def dispute(world: World, row: Escrow) -> Event:
    return events.DisputeOpened(amount=part_of(world, row.amounts.held), reason=Reason.DAMAGED)


def withdraw(world: World, _: Escrow) -> Event:
    return events.DisputeWithdrawn()


def accept(world: World, _: Escrow) -> Event:
    return events.DisputeAccepted()


def contest(world: World, _: Escrow) -> Event:
    return events.DisputeContested()


def resolve(world: World, row: Escrow) -> Event:
    disputed = row.amounts.disputed
    back = world.rng.randrange(disputed + 1)
    return events.DisputeResolved(dispute=row.disputes, refund=back, release=disputed - back)


#: What people mostly do in a stage; the first is what a happy purchase needs.
HABITS: dict[Stage, tuple[Wish, ...]] = {
    Stage.AWAITING_PAYMENT: (pay, pay, pay, cancel),
    Stage.PAYING: (pay, cancel),
    Stage.AWAITING_SHIPMENT: (ship, ship, ship, refund, dispute),
    Stage.CAPTURING: (ship, refund),
    Stage.AWAITING_CONFIRMATION: (confirm, confirm, deliver, extend, refund, dispute, dispute),
}
QUARRELS: dict[Dispute, tuple[Wish, ...]] = {
    Dispute.OPEN: (withdraw, accept, contest, contest, confirm),
    Dispute.ARBITRATION: (resolve, resolve, withdraw, accept),
}


class People:
    def __init__(self, world: World, door: Door) -> None:
        self._world = world
        self._door = door
        self._acts = 0
        #: Some act at once, some let every window end.
        self._pace = world.rng.choice((60.0, HOUR, 0.3 * DAY, 2 * DAY))
        if world.rng.random() < 0.9:
            # Most buyers come to pay.
            world.after(world.rng.random() * 60, self._say, pay)
        self._again()

    def _again(self) -> None:
        if self._acts < MOST_ACTS and not self._door.row.ended:
            delay = self._world.rng.expovariate(1 / self._pace)
            deadline = self._door.row.next_wake_up
            if deadline is not None and self._world.rng.random() < 0.25:
                # In the same instant as the clock.
                delay = seconds(deadline) - self._world.now + self._world.rng.uniform(-0.1, 0.1)
            self._world.after(delay, self._act)

    def _act(self) -> None:
        for _ in range(self._world.rng.choice((1, 1, 1, 2, 3))):
            self._say(self._choose())
        self._again()

    def _say(self, wish: Wish) -> None:
        self._acts += 1
        event = wish(self._world, self._door.row)
        command = Command(f"command-{self._acts}", event)
        confirms = isinstance(event, events.ReceiptConfirmed)
        say = self._door.confirm if confirms else self._door.ask
        self._world.after(self._world.rng.random() / 10, say, command)

    def _choose(self) -> Wish:
        row = self._door.row
        if row.dispute is not Dispute.NONE and self._world.rng.random() < 0.6:
            return self._world.rng.choice(QUARRELS[row.dispute])
        return self._world.rng.choice(HABITS.get(row.stage, (confirm,)))
