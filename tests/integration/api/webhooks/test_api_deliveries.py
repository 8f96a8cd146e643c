"""How telling a merchant went, and telling it again, at the door."""

from standardwebhooks import Webhook

from tests.conftest import Temporal
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop
from tests.integration.api.webhooks.hooks import (
    PATH,
    delivered,
    deliveries,
    endpoint,
    parked,
    told,
    unheard,
)
from tests.integration.webhooks.sink import Sink, answer
from tests.workflows.parts import ScriptedBank
from webhooks.courier import KEPT_ANSWER
from webhooks.schedule import WAITS
from workflows.names import notice_id


async def test_a_delivery_shows_what_was_sent_and_what_was_answered(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(200, body="谢谢\x00".encode() + b"\xff" + b"x" * 2000)]
    made = await endpoint(shop, sink.url)
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")

    page = await delivered(shop, event_id)

    (one,) = page["data"]
    (heard,) = sink.heard
    assert one["endpoint"] == made["id"]
    assert one["request"]["url"] == sink.url
    assert one["request"]["body"].encode() == heard.body
    assert one["request"]["headers"].items() <= heard.headers.items()
    Webhook(made["secret"]).verify(one["request"]["body"], one["request"]["headers"])
    assert one["answer"]["status"] == 200
    assert one["answer"]["body"].startswith("谢谢\ufffd\ufffdx")
    assert len(one["answer"]["body"].encode(errors="replace")) < KEPT_ANSWER + 10
    assert (one["delivered"], one["error"]) == (True, None)
    assert 0 <= one["milliseconds"] < 60_000
    assert (page["unheard"], page["has_more"], page["next_cursor"]) == ([], False, None)


async def test_every_endpoint_hears_what_it_asked_for_and_fails_for_itself_alone(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    everything = await endpoint(shop, f"{sink.url}&all")
    some = await endpoint(shop, f"{sink.url}&some", events=["escrow.shipped"])
    off = await endpoint(shop, f"{sink.url}&off", enabled=False)
    nowhere = await endpoint(shop, "http://127.0.0.1:1/", events=["escrow.shipped"])
    escrow = await shipped(shop, teller, temporal)

    await delivered(shop, await told(shop, escrow, "paid"))
    missed = await parked(shop, nowhere["id"], 1)
    page = await deliveries(shop, await told(shop, escrow, "shipped"))

    heard = [(one.path.rsplit("&", 1)[1], one.headers["webhook-id"]) for one in sink.heard]
    wanted = {kind: await told(shop, escrow, kind) for kind in ("paid", "shipped")}
    assert sorted(heard) == sorted(
        [("all", wanted["paid"]), ("all", wanted["shipped"]), ("some", wanted["shipped"])]
    )
    assert {one["endpoint"] for one in page["data"]} == {
        everything["id"],
        some["id"],
        nowhere["id"],
    }
    assert page["unheard"] == missed
    assert (missed[0]["reason"], missed[0]["type"]) == ("not_connected", "escrow.shipped")
    assert await unheard(shop, off["id"]) == []


async def test_both_secrets_sign_while_both_live(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    made = await endpoint(shop, sink.url)
    rotated = (await shop.post(f"{PATH}/{made['id']}/rotation")).json()
    escrow = await paid(shop, teller, temporal)
    await delivered(shop, await told(shop, escrow, "paid"))
    await shop.http.delete(f"{PATH}/{made['id']}/old_secret", headers=shop.headers())
    await shop.post(f"/v1/events/{await told(shop, escrow, 'paid')}/redelivery")
    await delivered(shop, await told(shop, escrow, "paid"), times=2)

    two, one = sink.heard
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(two.body, two.headers)
    assert len(two.headers["webhook-signature"].split()) == 2
    assert len(one.headers["webhook-signature"].split()) == 1
    Webhook(rotated["secret"]).verify(one.body, one.headers)


async def test_what_nobody_hears_is_tried_as_often_as_we_promise_then_parked_and_shown(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(500, body=b"our database is away")]
    made = await endpoint(shop, sink.url, events=["escrow.paid"])
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")

    (missed,) = await parked(shop, made["id"], 1)

    page = await deliveries(shop, event_id)
    assert len(page["data"]) == missed["tries"] == len(WAITS) + 1
    assert {one["answer"]["body"] for one in page["data"]} == {"our database is away"}
    assert page["unheard"] == [missed]
    assert (missed["event"], missed["endpoint"]) == (event_id, made["id"])
    assert (missed["state"], missed["next_try_at"], missed["reason"]) == ("parked", None, "500")
    assert missed["parked_at"] is not None
    assert await unheard(shop, made["id"], state="retrying") == []
    handle = temporal.client.get_workflow_handle(
        notice_id(missed["escrow"], missed["sequence"], made["id"])
    )
    assert await handle.result() == "parked"
    description = await handle.describe()
    assert await description.static_summary() == f"tell {made['id']}: event 2 (500)"


async def test_pages_of_deliveries_go_from_the_newest_to_the_oldest(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(500)]
    made = await endpoint(shop, sink.url, events=["escrow.paid"])
    event_id = await told(shop, await paid(shop, teller, temporal), "paid")
    await parked(shop, made["id"], 1)

    whole = (await deliveries(shop, event_id))["data"]
    first = await deliveries(shop, event_id, limit=7)
    second = await deliveries(shop, event_id, limit=7, cursor=first["next_cursor"])

    assert first["has_more"]
    assert not second["has_more"]
    assert first["data"] + second["data"] == whole
    assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
    foreign = await shop.get(f"{PATH}/{made['id']}/unheard", cursor=first["next_cursor"])
    assert (foreign.status_code, foreign.json()["code"]) == (400, "invalid_cursor")


async def test_pages_of_what_was_not_heard_go_from_the_oldest_to_the_newest(
    shop: Shop, sink: Sink, teller: ScriptedBank, temporal: Temporal
) -> None:
    sink.says = [answer(500)]
    made = await endpoint(shop, sink.url)
    await shipped(shop, teller, temporal)
    whole = await parked(shop, made["id"], 2)

    path = f"{PATH}/{made['id']}/unheard"
    first = (await shop.get(path, limit=1)).json()
    second = (await shop.get(path, limit=1, cursor=first["next_cursor"])).json()

    assert (first["has_more"], second["has_more"]) == (True, False)
    assert first["data"] + second["data"] == whole
    assert [one["type"] for one in whole] == ["escrow.paid", "escrow.shipped"]
    foreign = await shop.get(f"{path}?cursor=unh_{'0' * 32}")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "invalid_cursor")
