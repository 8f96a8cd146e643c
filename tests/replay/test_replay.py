"""Histories of every release replay on today's code; a change that breaks them strands money."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from domain.terms import Terms
from tests.replay.record import HISTORIES, STORIES
from worker import RESTRICTIONS
from workflows.escrow import EscrowWorkflow

RECORDED = sorted(HISTORIES.glob("*/*.json"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_recorded_history_replays(recorded: Path) -> None:
    await replayer(EscrowWorkflow).replay_workflow(history(recorded))


def test_every_story_was_recorded() -> None:
    assert {path.stem for path in RECORDED} >= {story.__name__ for story in STORIES}


@workflow.defn(name="Escrow", sandboxed=False)
class Forgetful:
    """A change that nobody should make: it does not take the steps that were recorded."""

    @workflow.run
    async def run(self, terms: Terms) -> str:
        await workflow.sleep(1)
        return terms.escrow_id


async def test_a_change_that_breaks_open_purchases_is_caught() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(Forgetful).replay_workflow(history(RECORDED[0]))


def history(recorded: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(recorded.stem, recorded.read_text())


def replayer(kind: type) -> Replayer:
    return Replayer(
        workflows=[kind],
        data_converter=pydantic_data_converter,
        workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
    )
