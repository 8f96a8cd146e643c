"""Clearing days and payouts that a release left under way go on under today's code."""

from pathlib import Path

import pytest
from temporalio import workflow

from clearing.port import Payout
from tests.replay.record_payouts import HISTORIES, KINDS
from tests.replay.test_replay import history, replayer

RECORDED = sorted(HISTORIES.glob("*/*.json"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_recorded_clearing_replays(recorded: Path) -> None:
    kind = KINDS[recorded.stem.partition("_")[0]]
    await replayer(kind).replay_workflow(history(recorded))


def test_every_workflow_of_clearing_was_recorded() -> None:
    assert {path.stem.partition("_")[0] for path in RECORDED} == set(KINDS)


@workflow.defn(name="Payout", sandboxed=False)
class Careless:
    """A change that nobody should make: it does not wait for money that comes back."""

    @workflow.run
    async def run(self, payout: Payout) -> str:
        return payout.id


async def test_a_change_that_breaks_payouts_under_way_is_caught() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(Careless).replay_workflow(
            history(next(path for path in RECORDED if path.stem == "payout_settled"))
        )
