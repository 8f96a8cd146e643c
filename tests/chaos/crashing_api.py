"""The API, and a kill -9 between its commit and the workflow's start: `start:before|after`."""

import asyncio
from typing import Any

from temporalio.client import Interceptor, OutboundInterceptor, StartWorkflowInput

from api.__main__ import serve
from runtime.settings import Settings
from runtime.telemetry import configure_logging
from tests.chaos.plan import reached

#: Any purchase: its id is not known before it is created.
ANY = "any-purchase"


class Mortal(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return MortalStart(super().intercept_client(next))


class MortalStart(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> Any:
        reached(ANY, "start:before")
        handle = await super().start_workflow(input)
        reached(ANY, "start:after")
        return handle


if __name__ == "__main__":
    settings = Settings()
    configure_logging("api", settings.log_level)
    asyncio.run(serve(settings, interceptors=[Mortal()]))
