"""Where a merchant wants to be told, at the door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop
from tests.integration.api.webhooks.hooks import PATH, delete, endpoint, put
from webhooks.endpoints import MOST_ENDPOINTS

URL = "https://shop.example/hooks"


async def test_an_endpoint_is_made_read_changed_listed_and_deleted(shop: Shop) -> None:
    made = await endpoint(shop, URL, events=["escrow.paid"], description="Orders")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["id"].startswith("whe_")
    assert made | {"created_at": ""} == {
        "id": made["id"],
        "url": URL,
        "events": ["escrow.paid"],
        "description": "Orders",
        "enabled": True,
        "disabled_by": None,
        "old_secret_expires_at": None,
        "created_at": "",
    }
    assert (await shop.get(f"{PATH}/{made['id']}")).json() == made

    changed = await put(shop, made["id"], url=f"{URL}/2")
    assert changed == made | {"url": f"{URL}/2", "events": None, "description": ""}

    second = await endpoint(shop, URL)
    listed = (await shop.get(PATH)).json()
    assert [one["id"] for one in listed["data"]] == [made["id"], second["id"]]
    assert (listed["has_more"], listed["next_cursor"]) == (False, None)
    assert "secret" not in str(listed["data"]).replace("old_secret_expires_at", "")

    assert await delete(shop, made["id"]) == 204
    assert await delete(shop, made["id"]) == 404
    assert (await shop.get(f"{PATH}/{made['id']}")).status_code == 404
    assert [one["id"] for one in (await shop.get(PATH)).json()["data"]] == [second["id"]]


async def test_an_endpoint_is_made_once_whoever_asks_again(shop: Shop) -> None:
    first = await shop.post(PATH, {"url": URL}, key="mine")
    again = await shop.post(PATH, {"url": URL}, key="mine")
    other = await shop.post(PATH, {"url": f"{URL}/2"}, key="mine")

    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await shop.get(PATH)).json()["data"]) == 1


async def test_a_merchant_has_ten_endpoints_at_most(shop: Shop) -> None:
    for number in range(MOST_ENDPOINTS):
        await endpoint(shop, f"{URL}/{number}")

    refused = await shop.post(PATH, {"url": URL})

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_endpoints")
    assert len((await shop.get(PATH)).json()["data"]) == MOST_ENDPOINTS


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/url"),
        ({"url": 1}, "#/url"),
        ({"url": ""}, "#/url"),
        ({"url": "shop.example"}, "#/url"),
        ({"url": "ftp://shop.example/"}, "#/url"),
        ({"url": "https://me:secret@shop.example/"}, "#/url"),
        ({"url": "https://shop.example/#part"}, "#/url"),
        ({"url": f"https://shop.example/{'a' * 2048}"}, "#/url"),
        ({"url": "https://shop.example/\u0000"}, "#/url"),
        ({"url": "https://shop.example/\ud800"}, "#/url"),
        ({"url": URL, "events": []}, "#/events"),
        ({"url": URL, "events": ["escrow.sold"]}, "#/events/0"),
        ({"url": URL, "events": "escrow.paid"}, "#/events"),
        ({"url": URL, "description": "a" * 65}, "#/description"),
        ({"url": URL, "enabled": "yes"}, "#/enabled"),
        ({"url": URL, "secret": "whsec_mine"}, "#/secret"),
    ],
)
async def test_what_is_no_endpoint_is_refused_and_changes_nothing(
    body: dict[str, Any], pointer: str, shop: Shop
) -> None:
    there = await endpoint(shop, URL)

    made = await shop.post(PATH, body)
    answer = await shop.http.request(
        "PUT", f"{PATH}/{there['id']}", content=made.request.content, headers=made.request.headers
    )

    for refused in (made, answer):
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert pointer in {flaw["pointer"] for flaw in refused.json()["errors"]}
    (kept,) = (await shop.get(PATH)).json()["data"]
    assert kept == {name: value for name, value in there.items() if name != "secret"}


async def test_two_secrets_live_while_a_merchant_changes_from_one_to_the_other(
    shop: Shop,
) -> None:
    made = await endpoint(shop, URL)
    path = f"{PATH}/{made['id']}"

    rotated = await shop.post(f"{path}/rotation", {"overlap": "PT1H"})

    told = rotated.json()
    assert rotated.status_code == 200
    assert told["secret"].startswith("whsec_")
    assert told["secret"] != made["secret"]
    until = datetime.fromisoformat(told["old_secret_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < until <= timedelta(hours=1)
    assert await delete(shop, f"{made['id']}/old_secret") == 204
    assert await delete(shop, f"{made['id']}/old_secret") == 204
    assert (await shop.get(path)).json()["old_secret_expires_at"] is None


async def test_the_old_secret_lives_for_a_day_or_not_at_all(shop: Shop) -> None:
    made = await endpoint(shop, URL)
    path = f"{PATH}/{made['id']}/rotation"

    usual = (await shop.post(path)).json()
    at_once = (await shop.post(path, {"overlap": "PT0S"})).json()

    until = datetime.fromisoformat(usual["old_secret_expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < until <= timedelta(days=1)
    assert at_once["old_secret_expires_at"] is None
    assert len({made["secret"], usual["secret"], at_once["secret"]}) == 3


async def test_a_rotation_repeated_tells_the_same_secret(shop: Shop) -> None:
    path = f"{PATH}/{(await endpoint(shop, URL))['id']}/rotation"

    first = await shop.post(path, key="once")
    again = await shop.post(path, key="once")

    assert first.json()["secret"] == again.json()["secret"]


@pytest.mark.parametrize("overlap", ["P8D", "PT604801S", "a day", -1, "P-1D"])
async def test_an_overlap_is_a_duration_of_seven_days_at_most(overlap: object, shop: Shop) -> None:
    made = await endpoint(shop, URL)

    refused = await shop.post(f"{PATH}/{made['id']}/rotation", {"overlap": overlap})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    (kept,) = (await shop.get(PATH)).json()["data"]
    assert kept["old_secret_expires_at"] is None


async def test_switching_off_says_who_did_and_putting_switches_on(shop: Shop) -> None:
    made = await endpoint(shop, URL, enabled=False)
    assert (made["enabled"], made["disabled_by"]) == (False, "merchant")

    on = await put(shop, made["id"], url=URL)
    assert (on["enabled"], on["disabled_by"]) == (True, None)

    async with shop.doors.engine.begin() as connection:
        gone = "UPDATE webhook_endpoint SET disabled_at = now(), disabled_by = 'gone' WHERE id = :i"
        await connection.execute(text(gone), {"i": made["id"]})
    off = await put(shop, made["id"], url=URL, enabled=False)
    assert (off["enabled"], off["disabled_by"]) == (False, "gone")
    assert (await put(shop, made["id"], url=URL))["enabled"]


@pytest.mark.parametrize("name", ["whe_", "whe_" + "0" * 32, "whe_%00", "WHE_" + "0" * 32])
async def test_an_endpoint_that_is_none_is_not_found(name: str, shop: Shop) -> None:
    path = f"{PATH}/{name}"
    for answer in (
        await shop.get(path),
        await shop.get(f"{path}/unheard"),
        await shop.post(f"{path}/rotation"),
        await shop.post(f"{path}/redelivery"),
        await shop.http.put(path, json={"url": URL}, headers=shop.headers()),
        await shop.http.delete(path, headers=shop.headers()),
        await shop.http.delete(f"{path}/old_secret", headers=shop.headers()),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_somebody_elses_endpoint_does_not_exist(new_shop: NewShop) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    foreign = await endpoint(theirs, URL)
    path = f"{PATH}/{foreign['id']}"
    for answer in (
        await ours.get(path),
        await ours.get(f"{path}/unheard"),
        await ours.post(f"{path}/rotation"),
        await ours.post(f"{path}/redelivery"),
        await ours.http.put(path, json={"url": f"{URL}/mine"}, headers=ours.headers()),
        await ours.http.delete(path, headers=ours.headers()),
        await ours.http.delete(f"{path}/old_secret", headers=ours.headers()),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await ours.get(PATH)).json()["data"] == []
    kept = (await theirs.get(path)).json()
    assert kept == {name: value for name, value in foreign.items() if name != "secret"}
