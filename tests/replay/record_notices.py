"""Record histories of durable retries: `python -m tests.replay.record_notices` before a release.

A retry lives for three days: deployments happen while it waits, as they do in a purchase.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

from activities.notices import Notices
from runtime.embedded.temporal import TemporalServer
from tests.replay.record import without_traces
from webhooks.port import EndpointGone, NotDelivered, Notice, Parked
from workflows.names import ESCROW_QUEUE, notice_id
from workflows.notice import NoticeWorkflow

HISTORIES = Path(__file__).parent / "notices"
SOON = timedelta(milliseconds=100)
ONE = Notice(f"esc_{'0' * 31}1", 2, f"whe_{'0' * 31}1", 0.1, "503")


@dataclass(slots=True)
class Merchant:
    """What comes of one try after the other; then everything is heard."""

    tries: list[Exception]
    missed: list[Notice] = field(default_factory=list)

    async def announce(
        self, notice: Notice, timeout: timedelta, silent: Collection[str] = ()
    ) -> list[Notice]:
        await self.deliver(notice, timeout)
        return self.missed

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        if self.tries:
            raise self.tries.pop(0)


@dataclass(frozen=True, slots=True)
class Story:
    ending: str
    merchant: Merchant
    notice: Notice = ONE


def stories() -> dict[str, Story]:
    silence = NotDelivered("timeout", SOON)
    early, nobody = NotDelivered("the event is not stored yet", SOON), Notice(ONE.escrow_id, 3)
    return {
        "heard_at_the_third_try": Story("delivered", Merchant([silence, silence])),
        "parked": Story("parked", Merchant([silence, Parked("timeout")])),
        "gone": Story("gone", Merchant([EndpointGone("whe_1 answered 410")])),
        "asked_again": Story("delivered", Merchant([]), Notice(ONE.escrow_id, 2, "whe_2", 0)),
        "passed_on": Story("passed on", Merchant([early], [ONE]), nobody),
    }


async def record(release: str) -> None:
    folder = HISTORIES / release
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        server = TemporalServer(Path(home), keep=False)
        await server.start()
        client = await server.client("worker")
        for name, story in stories().items():
            (folder / f"{name}.json").write_text(await lived(client, story) + "\n")
        await server.stop()


async def lived(client: Client, story: Story) -> str:
    """The history of one retry, as JSON."""
    notice = story.notice
    async with Worker(
        client,
        task_queue=ESCROW_QUEUE,
        workflows=[NoticeWorkflow],
        activities=[Notices(story.merchant).tell_again],
    ):
        retry = await client.start_workflow(
            NoticeWorkflow.run,
            notice,
            id=notice_id(notice.escrow_id, notice.sequence, notice.endpoint),
            task_queue=ESCROW_QUEUE,
        )
        ending = await retry.result()
        if ending != story.ending:
            raise RuntimeError(f"{ending}, not {story.ending}")
        history = await retry.fetch_history()
        return json.dumps(without_traces(json.loads(history.to_json())), indent=1)


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1] if len(sys.argv) > 1 else "0.1.0"))
