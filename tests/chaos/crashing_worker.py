"""The worker, and a kill -9 at every line that matters: `python -m tests.chaos.crashing_worker`.

Points are `{activity}:before`, `{activity}:after` (it returned, Temporal does not know yet) and
`{call}:effect` (the bank has done it, we have not stored its answer).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from banks.port import Bank, BatchRemitter, StatementSource
from runtime.settings import Settings
from runtime.telemetry import configure_logging
from tests.chaos.plan import reached
from worker import bank_of, serve


class Mortal(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return MortalActivity(super().intercept_activity(next))


class MortalActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        what = info.activity_type
        if what == "record":
            what = f"record {input.args[0].name}"
        reached(info.workflow_id or "", f"{what}:before")
        result = await super().execute_activity(input)
        reached(info.workflow_id or "", f"{what}:after")
        return result


class MortalBank:
    """The real bank's adapter; its caller may die before it can store what the bank did."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    @property
    def remitter(self) -> "MortalBank":
        return self

    @property
    def batches(self) -> BatchRemitter | None:
        return self._bank.batches

    @property
    def statements(self) -> StatementSource | None:
        return self._bank.statements

    def __getattr__(self, call: str) -> Any:
        async def done_and_dead(reference: str, *arguments: Any) -> Any:
            answer = await getattr(self._bank, call)(reference, *arguments)
            reached(activity.info().workflow_id or "", f"{call}:effect")
            return answer

        return done_and_dead


@contextlib.asynccontextmanager
async def mortal_bank(settings: Settings) -> AsyncIterator[Any]:
    async with bank_of(settings) as bank:
        yield MortalBank(bank)


if __name__ == "__main__":
    settings = Settings()
    configure_logging("worker", settings.log_level)
    asyncio.run(serve(settings, bank_of=mortal_bank, interceptors=[Mortal()]))
