"""Retries that a release left waiting go on under today's code."""

from pathlib import Path

import pytest
from temporalio import workflow

from tests.replay.record_notices import HISTORIES, stories
from tests.replay.test_replay import history, replayer
from webhooks.port import Notice
from workflows.notice import NoticeWorkflow

RECORDED = sorted(HISTORIES.glob("*/*.json"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_recorded_retry_replays(recorded: Path) -> None:
    await replayer(NoticeWorkflow).replay_workflow(history(recorded))


def test_every_ending_was_recorded() -> None:
    assert {path.stem for path in RECORDED} >= stories().keys()


@workflow.defn(name="Notice", sandboxed=False)
class Hasty:
    """A change that nobody should make: it does not wait as it was recorded."""

    @workflow.run
    async def run(self, notice: Notice) -> str:
        return notice.escrow_id


async def test_a_change_that_breaks_waiting_retries_is_caught() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(Hasty).replay_workflow(history(RECORDED[-1]))
