"""One simulated purchase: built from a seed, played until nothing happens any more, judged."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.escrow import Escrow
from domain.states import Stage
from domain.terms import SECOND, FeePolicy, Funding, HoldExpiry, Terms, Windows
from tests.simulation import truths
from tests.simulation.activities import Activities
from tests.simulation.bank import Line, ModelBank
from tests.simulation.door import Door
from tests.simulation.late import LatePayments
from tests.simulation.ledger import ModelLedger, Step
from tests.simulation.paying import Paying
from tests.simulation.people import People
from tests.simulation.world import EPOCH, World


@dataclass(frozen=True, slots=True)
class Parts:
    """What a purchase is built from; a planted bug replaces one of them."""

    ledger: type[ModelLedger] = ModelLedger
    activities: type[Activities] = Activities
    late: type[LatePayments] = LatePayments
    story: type[Paying] = Paying
    door: type[Door] = Door


OURS = Parts()


@dataclass(slots=True)
class Met:
    """What a run has seen: faults, events and endings, each with how often."""

    faults: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    endings: Counter[Stage] = field(default_factory=Counter)


def play(
    seed: int,
    parts: Parts = OURS,
    met: Met | None = None,
    weather: Mapping[str, float] | None = None,
) -> truths.Played:
    """Raises Violation or Endless when something happened that must never happen."""
    met = met or Met()
    world = World(seed, met.faults, weather)
    played = build(world, parts, met)
    world.run()
    truths.check(played)
    met.endings[played.story.escrow.stage] += 1
    return played


def build(world: World, parts: Parts, met: Met) -> truths.Played:
    escrow = Escrow.opened(agreed(world))

    def stored(step: Step) -> None:
        met.events[step.event.name] += 1

    bank = ModelBank(world, lambda reference: door.bank_reports(reference))
    ledger = parts.ledger(world, stored)
    activities = parts.activities(world, Line(world, bank))
    late = parts.late(activities, ledger, escrow.accounts)
    story = parts.story(world, escrow, ledger, activities, late, lambda reply: door.answered(reply))
    door = parts.door(escrow, ledger, story)
    People(world, door)
    story.rest()
    played = truths.Played(escrow, story, ledger, bank, door)
    world.after(world.heals_at + truths.RECOVERY, truths.nobody_is_stuck, played)
    return played


def agreed(world: World) -> Terms:
    """Terms that people could have agreed to, odd ones among them."""
    rng = world.rng
    units = rng.choice((1, 2, 3, 99, 10_000, rng.randrange(1, 1_000_000)))
    return Terms(
        escrow_id=f"esc_{rng.getrandbits(64):x}",
        merchant_id="mer_1",
        order_id="order-1",
        amount=units,
        currency="EUR",
        opened_at=EPOCH,
        funding=Funding.DEDUCT if rng.random() < 0.6 else Funding.FREEZE,
        windows=Windows(
            payment=rng.choice((300, 1_800, 86_400)) * SECOND,
            shipping=rng.choice((600, 86_400, 7 * 86_400)) * SECOND,
            inspection=rng.choice((600, 86_400, 10 * 86_400)) * SECOND,
            answer=rng.choice((600, 86_400, 5 * 86_400)) * SECOND,
            arbitration=rng.choice((600, 86_400, 30 * 86_400)) * SECOND,
        ),
        fee=FeePolicy(rng.choice((0, 0, 7)), rng.choice((0, 30, 250, 333))),
        reserve_bps=rng.choice((0, 0, 1_000)),
        hold_expiry=HoldExpiry.DEDUCT if units % 2 else HoldExpiry.LAPSE,
    )
