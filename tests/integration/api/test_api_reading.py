"""Reading purchases: one, many, and waiting for a change. Never somebody else's."""

import asyncio
import time

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api.keys import digest, new_key
from api.merchants import add_key, revoke_key
from api.tables import ApiKey
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop, token_of


async def test_pages_of_a_list_hold_every_purchase_once_newest_first(shop: Shop) -> None:
    created = [(await shop.create(order_id=f"A-{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await shop.get("/v1/escrows", limit=2, **cursor)).json()
        seen += [escrow["id"] for escrow in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == list(reversed(created))
    assert page["next_cursor"] is None


async def test_a_cursor_says_nothing_and_is_good_for_its_own_merchant_only(
    new_shop: NewShop,
) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    last = [await ours.create() for _ in range(2)][1]
    cursor = (await ours.get("/v1/escrows", limit=1)).json()["next_cursor"]
    # The signature's first character: the last one has two bits that mean nothing in base64.
    row, dot, signature = cursor.rpartition(".")
    forged = row + dot + ("A" if signature[0] != "A" else "B") + signature[1:]
    answers = [await theirs.get("/v1/escrows", cursor=cursor)]
    for wrong in (forged, last["id"], "", "x", "\x00", "é", "." * 200):
        answers.append(await ours.get("/v1/escrows", cursor=wrong))
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(400, "invalid_cursor")}
    assert answers[0].json()["errors"][0]["parameter"] == "cursor"


async def test_a_list_can_be_narrowed(shop: Shop) -> None:
    await shop.create(order_id="A-1")
    wanted = await shop.create(order_id="A-2")
    by_order = (await shop.get("/v1/escrows", order_id="A-2")).json()
    assert [escrow["id"] for escrow in by_order["data"]] == [wanted["id"]]
    assert (await shop.get("/v1/escrows", status="completed")).json()["data"] == []
    assert len((await shop.get("/v1/escrows", status="awaiting_payment")).json()["data"]) == 2


async def test_other_merchants_purchases_do_not_exist(new_shop: NewShop) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    escrow = await theirs.create()
    path = f"/v1/escrows/{escrow['id']}"
    answers = [await ours.get(path), await ours.get("/v1/escrows/esc_" + "0" * 32)]
    for command in ("shipment", "cancellation", "receipt", "extension"):
        answers.append(await ours.post(f"{path}/{command}"))
    answers.append(await ours.post(f"{path}/refunds", {"amount": 1}))
    answers.append(await ours.post(f"{path}/payment", {"bank": "sandbox", "method": "card"}))
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "not_found")}
    assert (await ours.get("/v1/escrows")).json()["data"] == []
    assert (await theirs.get(path)).json() == escrow


async def test_a_buyer_sees_the_own_purchase_and_no_other(shop: Shop) -> None:
    mine, other = await shop.create(), await shop.create()
    headers = {"Authorization": f"Bearer {token_of(mine)}"}
    seen = await shop.http.get(f"/v1/escrows/{mine['id']}", headers=headers)
    assert seen.json() == mine
    foreign = await shop.http.get(f"/v1/escrows/{other['id']}", headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    listing = await shop.http.get("/v1/escrows", headers=headers)
    assert (listing.status_code, listing.json()["code"]) == (403, "not_your_command")


async def test_without_a_change_a_long_poll_ends_by_itself(shop: Shop) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    began = time.monotonic()
    same = await shop.get(path, wait=1)
    assert 0.9 < time.monotonic() - began < 5
    assert same.json() == escrow
    known = {**shop.headers(), "If-None-Match": '"1"'}
    unchanged = await shop.http.get(path, params={"wait": 1}, headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"1"', 304),
        ('W/"1"', 304),
        ('"7", "1"', 304),
        ("*", 304),
        ('"2"', 200),
        ('"11"', 200),
        ("1", 422),
        ('"x"', 422),
        ("", 422),
    ],
)
async def test_who_has_this_version_already_is_not_sent_it_again(
    shop: Shop, condition: str, status: int
) -> None:
    escrow = await shop.create()
    headers = {**shop.headers(), "If-None-Match": condition}
    answer = await shop.http.get(f"/v1/escrows/{escrow['id']}", headers=headers)
    assert answer.status_code == status
    assert status == 422 or answer.headers["etag"] == '"1"'


async def test_nobody_waits_for_a_version_that_there_can_not_be(shop: Shop) -> None:
    escrow = await shop.create()
    headers = {**shop.headers(), "If-None-Match": "*"}
    async with asyncio.timeout(20):
        answer = await shop.http.get(
            f"/v1/escrows/{escrow['id']}", params={"wait": 25}, headers=headers
        )
    assert answer.status_code == 304


async def test_a_long_poll_with_an_old_version_answers_at_once(shop: Shop) -> None:
    escrow = await shop.create()
    began = time.monotonic()
    answer = await shop.http.get(
        f"/v1/escrows/{escrow['id']}",
        params={"wait": 25},
        headers={**shop.headers(), "If-None-Match": '"0"'},
    )
    assert answer.json() == escrow
    assert time.monotonic() - began < 5


async def test_many_may_wait_at_once_without_using_up_the_connections(shop: Shop) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    waiting = [asyncio.create_task(shop.get(path, wait=25)) for _ in range(60)]
    await asyncio.sleep(0.5)
    assert (await shop.get(path)).status_code == 200
    assert not any(poll.done() for poll in waiting)
    for poll in waiting:
        poll.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "unauthenticated"),
        ("", "unauthenticated"),
        ("Basic YTpi", "unauthenticated"),
        ("Bearer", "unauthenticated"),
        ("Bearer ek_test_short", "invalid_api_key"),
        ("Bearer ek_test_" + "0" * 49, "invalid_api_key"),
        pytest.param(f"Bearer {new_key('test')}", "invalid_api_key", id="nobody's test key"),
        pytest.param(f"Bearer {new_key('live')}", "invalid_api_key", id="nobody's live key"),
        ("Bearer nonsense", "invalid_link"),
        ("Bearer \xff\xfe", "invalid_link"),
    ],
)
async def test_who_is_not_known_does_not_get_in(
    shop: Shop, authorization: str | None, code: str
) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    answer = await shop.http.get("/v1/escrows", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_two_keys_live_side_by_side_until_one_is_revoked(shop: Shop) -> None:
    async with shop.doors.engine.begin() as connection:
        second = await add_key(connection, shop.id, "test")
    headers = {"Authorization": f"Bearer {second}"}
    assert (await shop.get("/v1/escrows")).status_code == 200
    assert (await shop.http.get("/v1/escrows", headers=headers)).status_code == 200
    async with shop.doors.engine.begin() as connection:
        await revoke_key(connection, shop.id, second[-4:])
    assert (await shop.http.get("/v1/escrows", headers=headers)).status_code == 401
    assert (await shop.get("/v1/escrows")).status_code == 200


async def test_keys_are_stored_as_digests_and_their_use_is_noted(shop: Shop) -> None:
    await shop.get("/v1/escrows")
    async with shop.doors.engine.connect() as connection:
        row = (
            await connection.execute(
                select(col(ApiKey.hash), col(ApiKey.last4), col(ApiKey.last_used_at)).where(
                    col(ApiKey.merchant_id) == shop.id
                )
            )
        ).one()
        stored = (await connection.execute(text("select t::text from api_key t"))).scalars().all()
    assert row.hash == digest(shop.key)
    assert row.last4 == shop.key[-4:]
    assert row.last_used_at is not None
    assert not any(shop.key in line for line in stored)


async def test_a_process_is_ready_when_postgres_answers(shop: Shop) -> None:
    assert (await shop.http.get("/healthz")).json() == {"status": "ok"}
    metrics = (await shop.http.get("/metrics")).text
    assert (
        'danbao_http_request_seconds_count{method="GET",route="/healthz",status="200"}' in metrics
    )


async def test_every_answer_has_its_id_and_safe_headers(shop: Shop) -> None:
    answers = [await shop.http.get(path) for path in ("/healthz", "/nowhere", "/v1/escrows")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["request-id"] == answer.headers["x-request-id"]
    assert answers[2].json()["request_id"] == answers[2].headers["x-request-id"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("order-1001.try_2", True),
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        ("short", False),
        ("x" * 65, False),
        ("-begins-with-a-dash", False),
        ("two words", False),
        ('"quoted-id"', False),
        ("new\tline", False),
        ("ünïcode-id", False),
        ("", False),
    ],
)
async def test_a_request_may_bring_its_own_id_when_it_is_well_formed(
    shop: Shop, given: str, taken: bool
) -> None:
    headers = [(b"x-request-id", given.encode("latin-1"))]
    answer = await shop.http.get("/v1/escrows", headers=headers)
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert (answer.headers["x-request-id"] == given) is taken
    assert taken or answer.headers["x-request-id"].startswith("req_")
    twice = await shop.http.get("/v1/escrows", headers=headers * 2)
    assert twice.headers["x-request-id"].startswith("req_")
