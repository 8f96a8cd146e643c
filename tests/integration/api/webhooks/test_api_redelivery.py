"""Telling a merchant again what happened, at the door."""

import asyncio
import json

import pytest

from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop
from tests.integration.api.webhooks.hooks import (
    PATH,
    delete,
    delivered,
    deliveries,
    endpoint,
    missing,
    parked,
    put,
    told,
)
from tests.integration.webhooks.sink import OK, Sink, answer
from tests.workflows.parts import ScriptedBank
from webhooks.port import Notice
from workflows.names import ESCROW_QUEUE, notice_id
from workflows.notice import NoticeWorkflow
from workflows.redelivery import start_telling


async def test_what_was_parked_is_told_when_the_merchant_asks_for_it(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(500)]
    made = await endpoint(shop, sink.url)
    escrow = await shipped(shop, teller, temporal)
    missed = await parked(shop, made["id"], 2)
    sink.says = [OK]
    before = len(sink.heard)

    asked = await shop.post(f"{PATH}/{made['id']}/redelivery", key="again")
    for kind in ("paid", "shipped"):
        await delivered(shop, await told(shop, escrow, kind))
    repeated = await shop.post(f"{PATH}/{made['id']}/redelivery", key="again")
    none = await shop.post(f"{PATH}/{made['id']}/redelivery")

    assert asked.status_code == 202
    assert asked.json() == {
        "endpoint": made["id"],
        "events": [one["event"] for one in missed],
        "has_more": False,
    }
    assert repeated.content == asked.content
    assert none.json()["events"] == []
    assert sorted(one.headers["webhook-id"] for one in sink.heard[before:]) == sorted(
        one["event"] for one in missed
    )


async def test_what_was_heard_can_be_told_again(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    made = await endpoint(shop, sink.url)
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")
    await delivered(shop, event_id)

    asked = await shop.post(f"/v1/events/{event_id}/redelivery")
    await delivered(shop, event_id, times=2)

    assert (asked.status_code, asked.json()) == (
        202,
        {"event": event_id, "endpoints": [made["id"]]},
    )
    assert sink.heard[0].body == sink.heard[1].body


async def test_an_event_that_is_never_sent_by_itself_is_sent_when_asked_for(
    shop: Shop, sink: Sink, teller: ScriptedBank
) -> None:
    """`escrow.created` is the answer to the merchant's own request."""
    escrow = await shop.create()
    made = await endpoint(shop, sink.url, events=["escrow.paid"])
    event_id = await told(shop, escrow, "created")

    asked = await shop.post(f"/v1/events/{event_id}/redelivery", {"endpoint": made["id"]})
    await delivered(shop, event_id)

    assert asked.status_code == 202
    assert json.loads(sink.heard[0].body)["type"] == "escrow.created"


async def test_asking_again_while_it_is_being_tried_does_not_wait_for_the_next_try(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(503, "retry-after: 86400")]
    made = await endpoint(shop, sink.url)
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")
    missed = await missing(shop, made["id"], 1, state="retrying")
    sink.says = [OK]

    await shop.post(f"/v1/events/{event_id}/redelivery")
    page = await delivered(shop, event_id)

    assert missed[0]["next_try_at"] > missed[0]["since"]
    assert [one["answer"]["status"] for one in page["data"]] == [204, 503]


async def test_410_switches_off_and_what_it_missed_waits_until_it_is_switched_on(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(410)]
    made = await endpoint(shop, sink.url)
    escrow = await paid(shop, teller, temporal)
    (missed,) = await parked(shop, made["id"], 1)
    event_id = await told(shop, escrow, "paid")
    off = (await shop.get(f"{PATH}/{made['id']}")).json()
    assert (off["enabled"], off["disabled_by"], missed["reason"]) == (False, "gone", "410")

    refusals = [
        await shop.post(f"/v1/events/{event_id}/redelivery", {"endpoint": made["id"]}),
        await shop.post(f"{PATH}/{made['id']}/redelivery"),
        await shop.post(f"/v1/events/{event_id}/redelivery"),
    ]
    codes = [(one.status_code, one.json()["code"]) for one in refusals]
    assert codes == [(409, "endpoint_disabled"), (409, "endpoint_disabled"), (409, "nobody_asked")]
    assert len(sink.heard) == 1

    sink.says = [OK]
    await put(shop, made["id"], url=sink.url)
    assert (await shop.post(f"{PATH}/{made['id']}/redelivery")).json()["events"] == [event_id]
    await delivered(shop, event_id)


async def test_somebody_elses_events_and_endpoints_are_not_told(new_shop: NewShop) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    event_id = await told(theirs, await theirs.create(), "created")
    own = await told(ours, await ours.create(), "created")
    foreign = await endpoint(theirs, "http://127.0.0.1:1/")
    for refused in (
        await ours.get(f"/v1/events/{event_id}/deliveries"),
        await ours.post(f"/v1/events/{event_id}/redelivery"),
        await ours.post(f"/v1/events/{own}/redelivery", {"endpoint": foreign["id"]}),
        await ours.get("/v1/events/evt_%00/deliveries"),
        await ours.post("/v1/events/evt_1/redelivery"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert (await deliveries(theirs, event_id))["data"] == []


@pytest.mark.parametrize("body", [{"endpoint": "whe_1"}, {"endpoint": 1}, {"to": "me"}, []])
async def test_a_redelivery_that_names_no_endpoint_is_refused(body: object, shop: Shop) -> None:
    event_id = await told(shop, await shop.create(), "created")

    refused = await shop.post(f"/v1/events/{event_id}/redelivery", body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


async def test_a_deleted_endpoint_is_not_told_what_was_under_way(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(503, "retry-after: 86400")]
    made = await endpoint(shop, sink.url)
    escrow = await paid(shop, teller, temporal)
    await missing(shop, made["id"], 1, state="retrying")
    assert await delete(shop, made["id"]) == 204

    again = Notice(escrow["id"], 2, made["id"])
    await start_telling(temporal.client, again)
    retry = temporal.client.get_workflow_handle(notice_id(escrow["id"], 2, made["id"]))

    assert await retry.result() == "gone"
    assert len(sink.heard) == 1
    assert (await deliveries(shop, await told(shop, escrow, "paid")))["unheard"] == []


async def test_a_first_try_that_came_to_nothing_is_made_good_at_every_endpoint(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    """As when the database was away: nobody knows yet who has not heard."""
    hears = await endpoint(shop, sink.url, events=["escrow.shipped"])
    nowhere = await endpoint(shop, "http://127.0.0.1:1/", events=["escrow.shipped"])
    escrow = await paid(shop, teller, temporal)
    event_id = await told(shop, escrow, "created")
    for one in (hears, nowhere):
        await put(shop, one["id"], url=one["url"], events=["escrow.created"])

    whole = temporal.client.get_workflow_handle(notice_id(escrow["id"], 1))
    await temporal.client.start_workflow(
        NoticeWorkflow.run, Notice(escrow["id"], 1, wait=0), id=whole.id, task_queue=ESCROW_QUEUE
    )

    assert await whole.result() == "passed on"
    (missed,) = await parked(shop, nowhere["id"], 1)
    assert missed["event"] == event_id
    (heard,) = [one for one in (await deliveries(shop, event_id))["data"] if one["delivered"]]
    assert heard["endpoint"] == hears["id"]


async def tried(shop: Shop, event_id: str, times: int) -> None:
    async with asyncio.timeout(60):
        while len((await deliveries(shop, event_id, limit=100))["data"]) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_asking_again_begins_the_schedule_anew_also_while_it_is_tried(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    """Or whoever asks often while its server is down would use three days up in seconds."""
    sink.says = [answer(503, "retry-after: 86400")]
    made = await endpoint(shop, sink.url)
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")
    await missing(shop, made["id"], 1, state="retrying")
    for asked in range(1, 10):
        assert (await shop.post(f"/v1/events/{event_id}/redelivery")).status_code == 202
        await tried(shop, event_id, asked + 1)
    (row,) = await missing(shop, made["id"], 1, state="retrying")
    assert row["tries"] <= 2
