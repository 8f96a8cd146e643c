"""Ten thousand purchases with everything that goes wrong, and the checks themselves checked."""

import pytest

from domain.events import RefundedAfterRelease
from domain.states import ENDED, Stage
from domain.transitions import RULES
from tests.simulation.ledger import Violation
from tests.simulation.planted import BUGS, Bug
from tests.simulation.purchase import Met, play
from tests.simulation.world import ANSWERS, FAULTS, Endless

SEEDS = 10_000


@pytest.fixture(scope="module")
def met() -> Met:
    """What ten thousand purchases met; a seed that breaks a truth fails here, by its number."""
    met = Met()
    for seed in range(SEEDS):
        try:
            play(seed, met=met)
        except (Violation, Endless) as broken:
            pytest.fail(f"seed {seed}: {broken}")
    return met


def test_no_truth_is_broken(met: Met) -> None:
    assert met.endings.total() == SEEDS


#: What comes after a purchase's own workflow: tests/integration/clearing/test_after_sale.py.
LATER = {RefundedAfterRelease}


@pytest.mark.parametrize("fault", FAULTS | ANSWERS)
def test_every_fault_struck(met: Met, fault: str) -> None:
    assert met.faults[fault] >= 20


@pytest.mark.parametrize("stage", sorted(ENDED))
def test_every_ending_was_reached(met: Met, stage: Stage) -> None:
    assert met.endings[stage] >= 100


@pytest.mark.parametrize("name", [event.name for event in RULES if event not in LATER])
def test_every_event_happened(met: Met, name: str) -> None:
    assert met.events[name] >= 10


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(name: str) -> None:
    caught = first_caught(BUGS[name])
    assert caught.partition(":")[0] in BUGS[name].caught_by, caught


def first_caught(bug: Bug) -> str:
    """What the first seed that notices says; "" when none does."""
    for seed in range(SEEDS):
        try:
            play(seed, bug.parts, weather=bug.weather)
        except (Violation, Endless) as broken:
            return str(broken)
    return ""


def test_a_seed_tells_the_same_story_twice() -> None:
    for seed in range(100):
        once, again = play(seed), play(seed)
        assert once.ledger.steps == again.ledger.steps
        assert once.bank.journal == again.bank.journal
