"""The event log at the door; its order is tested where it is made (tests/integration/ledger)."""

from typing import Any

import pytest

from api.events import TYPES
from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank


async def log(shop: Shop, **params: Any) -> dict[str, Any]:
    answer = await shop.get("/v1/events", **params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_whoever_follows_the_cursor_reads_every_event_once(shop: Shop) -> None:
    created = [(await shop.create(order_id=f"A-{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    page: dict[str, Any] = {"has_more": True, "next_cursor": None}
    while page["has_more"]:
        cursor = {"after": page["next_cursor"]} if page["next_cursor"] else {}
        page = await log(shop, limit=2, **cursor)
        seen += [event["data"]["escrow"]["id"] for event in page["data"]]
    assert seen == created
    assert page["next_cursor"] == page["data"][-1]["data"]["id"]
    later = await shop.create()
    rest = await log(shop, after=page["next_cursor"])
    assert [event["data"]["escrow"]["id"] for event in rest["data"]] == [later["id"]]


async def test_a_log_in_which_nothing_new_stands_has_the_same_cursor(shop: Shop) -> None:
    assert await log(shop) == {"data": [], "has_more": False, "next_cursor": None}
    await shop.create()
    cursor = (await log(shop))["next_cursor"]
    again = await log(shop, after=cursor)
    assert again == {"data": [], "has_more": False, "next_cursor": cursor}


async def test_an_event_reads_as_the_webhook_says_it(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    created, told = (await log(shop))["data"]
    assert (created["type"], told["type"]) == ("escrow.created", "escrow.paid")
    assert told["data"]["sequence"] == 2
    assert told["data"]["escrow"]["held"] == escrow["amount"]
    one = await shop.get(f"/v1/events/{told['data']['id']}")
    assert one.json() == told
    async with shop.doors.engine.connect() as connection:
        stored = await connection.exec_driver_sql(
            "SELECT body FROM event WHERE id = $1", (told["data"]["id"],)
        )
        assert stored.scalar_one() == told
    of_this = await shop.get(f"/v1/escrows/{escrow['id']}/events")
    assert of_this.json() == {"data": [created, told]}
    later = await shop.get(f"/v1/escrows/{escrow['id']}/events", after=1)
    assert later.json() == {"data": [told]}


async def test_the_log_of_some_types(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> None:
    await paid(shop, teller, temporal)
    everything = await log(shop)
    only = await log(shop, types=["escrow.paid", "escrow.closed"])
    assert only["data"] == [everything["data"][1]]
    none = await log(shop, types="escrow.disputed")
    assert none == {"data": [], "has_more": False, "next_cursor": everything["next_cursor"]}


async def test_other_merchants_events_do_not_exist(new_shop: NewShop) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    await theirs.create()
    foreign = (await log(theirs))["next_cursor"]
    assert (await log(ours))["data"] == []
    for answer in (
        await ours.get(f"/v1/events/{foreign}"),
        await ours.get("/v1/events", after=foreign),
        await ours.get("/v1/events/evt_" + "0" * 32),
        await ours.get("/v1/events/nonsense"),
        await ours.get("/v1/events/nul%00"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_buyer_reads_the_events_of_the_own_purchase_only(shop: Shop) -> None:
    mine, other = await shop.create(), await shop.create()
    headers = {"Authorization": f"Bearer {token_of(mine)}"}
    seen = await shop.http.get(f"/v1/escrows/{mine['id']}/events", headers=headers)
    assert [event["type"] for event in seen.json()["data"]] == ["escrow.created"]
    foreign = await shop.http.get(f"/v1/escrows/{other['id']}/events", headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    whole = await shop.http.get("/v1/events", headers=headers)
    assert (whole.status_code, whole.json()["code"]) == (403, "not_your_command")


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"after": "1"}, "after"),
        ({"after": "evt_" + "g" * 32}, "after"),
        ({"after": ""}, "after"),
        ({"types": "paid"}, "types/0"),
        ({"types": [*TYPES, "escrow.paid"]}, "types"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
async def test_a_question_that_makes_no_sense_is_told_where(
    shop: Shop, params: dict[str, Any], wrong: str
) -> None:
    answer = await shop.get("/v1/events", **params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [flaw["parameter"] for flaw in answer.json()["errors"]] == [wrong]
