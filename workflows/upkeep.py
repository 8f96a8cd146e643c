"""The ledger's upkeep as schedules: every hour the newest seals, every night the whole chain."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)
from temporalio.exceptions import ApplicationError

from workflows.names import HOURLY_UPKEEP, NIGHTLY_UPKEEP, UPKEEP_QUEUE
from workflows.schedules import keep

with workflow.unsafe.imports_passed_through():
    from activities.upkeep import Look, Upkeep
    from ledger.port import Head

#: A look every hour goes back two days: what a seal says is checked while people remember.
RECENT = 48
#: Checkpoints and seals take what came in an hour: seconds. The first may take all there is.
SHORT = timedelta(minutes=30)
#: Hashing everything that ever moved.
LONG = timedelta(hours=6)
#: Six beats may get lost (activities/upkeep.py).
SILENCE = timedelta(minutes=1)

HOURLY = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))])
#: At 3:30 UTC, when most buyers sleep.
NIGHTLY = ScheduleSpec(
    calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(3)], minute=[ScheduleRange(30)])]
)


@dataclass(frozen=True, slots=True)
class Round:
    """`whole`: look at the chain from its beginning."""

    whole: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What a round did. Temporal keeps the head, out of reach of who can write the ledger."""

    accounts: int
    head: Head


@workflow.defn(name="LedgerUpkeep")
class LedgerUpkeep:
    @workflow.run
    async def run(self, this: Round) -> Kept:
        """Fails with BrokenSeals, after everything is done, if the ledger is not what it was."""
        known = workflow.get_last_completion_result(Kept)
        accounts = await workflow.execute_activity_method(
            Upkeep.roll_up, start_to_close_timeout=SHORT, summary="checkpoints"
        )
        # The look comes last, so that it also sees what was just sealed.
        head = await workflow.execute_activity_method(
            Upkeep.seal, start_to_close_timeout=SHORT, summary="a new seal"
        )
        broken = await workflow.execute_activity_method(
            Upkeep.broken_seals,
            Look(1 if this.whole else max(1, head.no - RECENT), known.head if known else None),
            start_to_close_timeout=LONG,
            heartbeat_timeout=SILENCE,
            summary="the whole chain" if this.whole else "the newest seals",
        )
        if broken:
            raise ApplicationError(
                f"the ledger was changed: seals {broken}", type="BrokenSeals", non_retryable=True
            )
        return Kept(accounts, head)


async def schedule_upkeep(client: Client, queue: str = UPKEEP_QUEUE) -> None:
    """Make both schedules, or bring those that are there up to date; a paused one stays paused."""
    for name, whole, spec in ((HOURLY_UPKEEP, False, HOURLY), (NIGHTLY_UPKEEP, True, NIGHTLY)):
        action = ScheduleActionStartWorkflow(
            LedgerUpkeep.run, Round(whole), id=name, task_queue=queue
        )
        # A round that was missed is made up for by the next.
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
        await keep(client, name, Schedule(action=action, spec=spec, policy=policy))
