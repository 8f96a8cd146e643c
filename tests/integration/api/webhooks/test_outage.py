"""A merchant's server that is away for days: purchases go on, and it hears all of them."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from tests.conftest import Temporal
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.webhooks.hooks import (
    PATIENCE,
    delivered,
    endpoint,
    events_of,
    missing,
    parked,
    unheard,
)
from tests.integration.webhooks.sink import OK, Heard, Sink, answer
from tests.workflows.parts import ScriptedBank
from workflows.names import notice_id

#: Two more tries would be left; by the schedule it is now two days since the event.
MISSED = 7


@dataclass(slots=True)
class Away:
    """Hangs up on the first tries of every event; then it is there as soon as it is `back`."""

    back: asyncio.Event = field(default_factory=asyncio.Event)
    tries: Counter[str] = field(default_factory=Counter)
    told: list[Heard] = field(default_factory=list)

    async def __call__(self, heard: Heard) -> bytes:
        event_id = heard.headers["webhook-id"]
        self.tries[event_id] += 1
        if self.tries[event_id] <= MISSED:
            return b""
        await self.back.wait()
        self.told.append(heard)
        return OK


async def test_a_merchant_that_was_down_for_days_hears_everything_and_held_nothing_up(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    away = Away()
    sink.decides = away
    made = await endpoint(shop, sink.url)
    purchases = [await shipped(shop, teller, temporal) for _ in range(3)]
    for escrow in purchases:
        path = f"/v1/escrows/{escrow['id']}/receipt"
        assert (await shop.post(path, token=token_of(escrow))).status_code == 202

    ended = [await until(shop, escrow, "completed") for escrow in purchases]
    assert away.told == [], "whole purchases, and the merchant has heard nothing of them"
    away.back.set()

    for escrow in ended:
        missed = [one["data"] for one in (await events_of(shop, escrow))[1:]]
        for event in missed:
            page = await delivered(shop, event["id"])
            assert sum(one["delivered"] for one in page["data"]) == 1
            retry = notice_id(escrow["id"], event["sequence"], made["id"])
            assert await temporal.client.get_workflow_handle(retry).result() == "delivered"
    assert await unheard(shop, made["id"]) == []
    heard = [Webhook(made["secret"]).verify(one.body, one.headers) for one in away.told]
    for escrow in ended:
        assert in_order(escrow, heard) == ["paid", "shipped", "confirmed", "released"]
        assert newest(escrow, heard)["status"] == "completed"


def in_order(escrow: dict[str, Any], heard: list[dict[str, Any]]) -> list[str]:
    """What happened to the purchase, put together from notices in whatever order they came."""
    said = {
        one["data"]["sequence"]: one["type"].removeprefix("escrow.")
        for one in heard
        if one["data"]["escrow"]["id"] == escrow["id"]
    }
    assert sorted(said) == list(range(2, 2 + len(said))), "no gap"
    return [said[number] for number in sorted(said)]


def newest(escrow: dict[str, Any], heard: list[dict[str, Any]]) -> dict[str, Any]:
    ours = [one["data"] for one in heard if one["data"]["escrow"]["id"] == escrow["id"]]
    standing: dict[str, Any] = max(ours, key=lambda told: int(told["sequence"]))["escrow"]
    return standing


async def test_the_temporal_ui_says_who_has_not_heard_what_and_how_that_ended(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(503, "retry-after: 86400")]
    made = await endpoint(shop, sink.url)
    escrow = await paid(shop, teller, temporal)
    await missing(shop, made["id"], 1, state="retrying")
    retry = temporal.client.get_workflow_handle(notice_id(escrow["id"], 2, made["id"]))

    said = await details(retry)
    assert f"{made['id']} has not heard event 2 of {escrow['id']}" in said
    assert "the first try: 503" in said
    assert await (await retry.describe()).static_summary() == f"tell {made['id']}: event 2 (503)"

    sink.says = [answer(410)]
    event = (await events_of(shop, escrow))[1]["data"]["id"]
    assert (await shop.post(f"/v1/events/{event}/redelivery")).status_code == 202
    await parked(shop, made["id"], 1)
    again = temporal.client.get_workflow_handle(retry.id)
    assert await again.result() == "gone"
    assert (await details(again)).startswith("nobody is to be told there any more")


async def details(retry: WorkflowHandle[Any, Any]) -> str:
    """What its page in the UI shows; it may start only after the first try was noted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(RPCError):
                metadata = await retry.query(
                    "__temporal_workflow_metadata", result_type=WorkflowMetadata
                )
                return str(metadata.current_details)
            await asyncio.sleep(0.05)
