"""Schedules as they are kept: made once, brought up to date, and paused by operators only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.clearing import ClearingRound
from workflows.names import CLEARING_ROUND, ESCROW_QUEUE, RECONCILIATION_ROUND
from workflows.reconciliation import ReconciliationRound

#: A day is cleared this long after its cut-off at the latest, if nothing is down.
LOOKS = timedelta(minutes=5)


async def schedule_rounds(client: Client) -> None:
    """Look every few minutes; a look that takes longer makes the next one wait."""
    rounds: dict[str, Callable[..., Any]] = {
        CLEARING_ROUND: ClearingRound.run,
        RECONCILIATION_ROUND: ReconciliationRound.run,
    }
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=LOOKS)])
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    for name, look in rounds.items():
        action = ScheduleActionStartWorkflow(look, id=name, task_queue=ESCROW_QUEUE)
        await keep(client, name, Schedule(action=action, spec=spec, policy=policy))


async def keep(client: Client, name: str, schedule: Schedule) -> None:
    """Make it, or bring the one that is there up to date; a paused one stays paused."""

    def updated(present: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(schedule, state=present.description.schedule.state))

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(updated)
