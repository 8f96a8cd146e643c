"""Whatever is wrong with a request: a typed problem, nothing changed, never a 5xx."""

import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from tests.integration.api.shop import Shop, order, token_of

DEEP = "[" * 20_000 + "]" * 20_000
HUGE = "9" * 6_000


async def rows(shop: Shop) -> tuple[int, ...]:
    """How much of this merchant's is stored."""
    counts = """
        select (select count(*) from escrow where merchant_id = :id),
               (select count(*) from idempotency where subject = :id),
               (select coalesce(sum(version), 0) from escrow where merchant_id = :id)
    """
    async with shop.doors.engine.connect() as connection:
        row = (await connection.execute(text(counts), {"id": shop.id})).one()
    return tuple(int(number) for number in row)


def is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["type"].endswith(f"/docs/errors#{code}")
    assert said["request_id"] == answer.headers["request-id"]
    assert said["title"]
    assert said["detail"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"amount": 0}, "amount_out_of_range", "#/amount"),
        ({"amount": -1}, "amount_out_of_range", "#/amount"),
        ({"amount": 10**12 + 1}, "amount_out_of_range", "#/amount"),
        ({"amount": 10**40}, "amount_out_of_range", "#/amount"),
        ({"amount": 129.0}, "invalid_request", "#/amount"),
        ({"amount": 129.5}, "invalid_request", "#/amount"),
        ({"amount": "12900"}, "invalid_request", "#/amount"),
        ({"amount": True}, "invalid_request", "#/amount"),
        ({"amount": [12900]}, "invalid_request", "#/amount"),
        ({"amount": None}, "invalid_request", "#/amount"),
        ({"currency": "XXX"}, "unknown_currency", "#/currency"),
        ({"currency": "cny"}, "unknown_currency", "#/currency"),
        ({"currency": "¥"}, "unknown_currency", "#/currency"),
        ({"currency": ""}, "unknown_currency", "#/currency"),
        ({"currency": 156}, "invalid_request", "#/currency"),
        ({"currency": "C\x00Y"}, "invalid_request", "#/currency"),
        ({"order_id": ""}, "invalid_request", "#/order_id"),
        ({"order_id": "A" * 65}, "invalid_request", "#/order_id"),
        ({"order_id": "A\x00"}, "invalid_request", "#/order_id"),
        ({"order_id": "<script>"}, "invalid_request", "#/order_id"),
        ({"order_id": 1001}, "invalid_request", "#/order_id"),
        ({"description": "x" * 201}, "invalid_request", "#/description"),
        ({"description": "a\x00b"}, "invalid_request", "#/description"),
        ({"description": "\ud800"}, "invalid_request", "#/description"),
        ({"description": "  "}, "invalid_request", "#/description"),
        ({"buyer": {}}, "invalid_request", "#/buyer/email"),
        ({"buyer": {"email": "nobody"}}, "invalid_request", "#/buyer/email"),
        ({"buyer": {"email": "a@b.de\x00"}}, "invalid_request", "#/buyer/email"),
        ({"buyer": {"email": "a@b.de", "name": "x"}}, "invalid_request", "#/buyer/name"),
        ({"buyer": "a@b.de"}, "invalid_request", "#/buyer"),
        ({"return_url": "javascript:alert(1)"}, "invalid_request", "#/return_url"),
        ({"return_url": "http://shop.example"}, "invalid_request", "#/return_url"),
        ({"return_url": "https://u:p@shop.example"}, "invalid_request", "#/return_url"),
        ({"surprise": 1}, "invalid_request", "#/surprise"),
        ({"a/b~c": 1}, "invalid_request", "#/a~1b~0c"),
        ({"items": [{"name": "x", "amount": 1}]}, "invalid_request", "#"),
        ({"items": [{"name": "x", "amount": 12900.0}]}, "invalid_request", "#/items/0/amount"),
        ({"items": [{"name": "x", "quantity": 0, "amount": 12900}]}, "invalid_request",
         "#/items/0/quantity"),
        ({"items": [{"name": "x", "amount": 0}] * 51}, "invalid_request", "#/items"),
        ({"terms": {"funding": "credit"}}, "invalid_request", "#/terms/funding"),
        ({"terms": {"goods": "drugs"}}, "invalid_request", "#/terms/goods"),
        ({"terms": {"windows": {"payment": "30 min"}}}, "invalid_request",
         "#/terms/windows/payment"),
        ({"terms": {"windows": {"payment": 1800}}}, "invalid_request", "#/terms/windows/payment"),
        ({"terms": {"windows": {"surprise": "P1D"}}}, "invalid_request",
         "#/terms/windows/surprise"),
        ({"terms": {"windows": {"payment": "PT0S"}}}, "window_out_of_range", "#/terms/windows"),
        ({"terms": {"windows": {"shipping": "P91D"}}}, "window_out_of_range", "#/terms/windows"),
        ({"terms": {"windows": {"shipping": "P999999W"}}}, "window_out_of_range",
         "#/terms/windows"),
    ],
)  # fmt: skip
async def test_a_wrong_order_says_which_field_is_wrong(
    shop: Shop, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await shop.post("/v1/escrows", order(**changes))
    is_problem(answer, 422, code)
    assert pointer in [flaw.get("pointer") for flaw in answer.json()["errors"]]
    assert await rows(shop) == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 422, "invalid_request"),
        (b"{", "application/json", 400, "malformed_body"),
        (b"\xff\xfe", "application/json", 400, "malformed_body"),
        (b"null", "application/json", 422, "invalid_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b'"order"', "application/json", 422, "invalid_request"),
        (DEEP.encode(), "application/json", 400, "malformed_body"),
        (b'{"amount": ' + HUGE.encode() + b"}", "application/json", 400, "malformed_body"),
        (b'{"amount": NaN}', "application/json", 422, "invalid_request"),
        (b'{"amount": 1e400}', "application/json", 422, "invalid_request"),
        (json.dumps(order()).encode(), "text/plain", 415, "unsupported_media_type"),
        (json.dumps(order()).encode(), "", 415, "unsupported_media_type"),
        (b"order_id=A-1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b" " * 65_537, "application/json", 413, "body_too_large"),
        (b'{"description": "' + b"x" * 70_000 + b'"}', "application/json", 413, "body_too_large"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_body_that_is_no_order_is_refused(
    shop: Shop, body: bytes, content_type: str, status: int, code: str
) -> None:
    headers = shop.headers() | ({"Content-Type": content_type} if content_type else {})
    is_problem(await shop.http.post("/v1/escrows", content=body, headers=headers), status, code)
    assert await rows(shop) == (0, 0, 0)


async def test_a_body_that_never_ends_is_cut_off(shop: Shop) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 1024

    headers = {**shop.headers(), "Content-Type": "application/json"}
    answer = await shop.http.post("/v1/escrows", content=endless(), headers=headers)
    is_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_invalid"),
        ('""', "idempotency_key_invalid"),
        ('"half', "idempotency_key_invalid"),
        ("with space", "idempotency_key_invalid"),
        ("k" * 256, "idempotency_key_invalid"),
        ("back\\slash", "idempotency_key_invalid"),
        ("\xe9", "idempotency_key_invalid"),
    ],
)
async def test_a_key_must_be_usable(shop: Shop, key: str | None, code: str) -> None:
    headers = [(b"authorization", f"Bearer {shop.key}".encode())]
    if key is not None:
        headers.append((b"idempotency-key", key.encode("latin-1")))
    is_problem(await shop.http.post("/v1/escrows", json=order(), headers=headers), 400, code)
    assert await rows(shop) == (0, 0, 0)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "limit=1.5", "status=lost", "status=paying",
        "order_id=%00", "order_id=", "surprise=1",
    ],
)  # fmt: skip
async def test_a_list_is_asked_for_properly(shop: Shop, query: str) -> None:
    answer = await shop.get(f"/v1/escrows?{query}")
    is_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["parameter"] == query.split("=")[0]


@pytest.mark.parametrize("wait", ["-1", "26", "x", "1.5", "9" * 400])
async def test_nobody_waits_longer_than_offered(shop: Shop, wait: str) -> None:
    escrow = await shop.create()
    is_problem(await shop.get(f"/v1/escrows/{escrow['id']}?wait={wait}"), 422, "invalid_request")


@pytest.mark.parametrize(
    "path",
    ["/v1/escrows/%00", "/v1/escrows/esc_x", "/v1/escrows/%F0%9F%92%B8", "/v1/nothing", "/%2e%2e"],
)
async def test_what_does_not_exist_is_not_found(shop: Shop, path: str) -> None:
    is_problem(await shop.get(path), 404, "not_found")


async def test_a_method_that_is_not_understood_says_which_are(shop: Shop) -> None:
    answer = await shop.http.delete("/v1/escrows", headers=shop.headers())
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("command", "body", "code"),
    [
        ("payment", {}, "invalid_request"),
        ("payment", {"bank": "sandbox", "method": "cash"}, "unknown_payment_method"),
        ("payment", {"bank": "\x00", "method": "card"}, "invalid_request"),
        ("payment", {"bank": "sandbox", "method": "card", "url": "x"}, "invalid_request"),
        (
            "payment",
            {"bank": "sandbox", "method": "card", "payer": {"reference": "pyr_1", "token": "pm_1"}},
            "invalid_request",
        ),
        ("shipment", {"carrier": "x" * 65}, "invalid_request"),
        ("shipment", {"carrier": "a\x00"}, "invalid_request"),
        ("shipment", {"carrier": 7}, "invalid_request"),
        ("extension", {"extension": "3 days"}, "invalid_request"),
        ("extension", {"extension": 3}, "invalid_request"),
        ("refunds", {}, "invalid_request"),
        ("refunds", {"amount": 1.0}, "invalid_request"),
        ("refunds", {"amount": "1"}, "invalid_request"),
        ("cancellation", {"why": "x"}, "invalid_request"),
        ("receipt", {"amount": 1}, "invalid_request"),
    ],
)
async def test_a_wrong_command_is_refused(
    shop: Shop, command: str, body: dict[str, Any], code: str
) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/{command}"
    token = token_of(escrow) if command in ("payment", "receipt") else ""
    is_problem(await shop.post(path, body, token=token), 422, code)
    assert await rows(shop) == (1, 1, 1)


@pytest.mark.parametrize(
    ("command", "body", "who", "status", "code"),
    [
        ("shipment", {}, "merchant", 409, "wrong_stage"),
        ("refunds", {"amount": 1}, "merchant", 409, "wrong_stage"),
        ("refunds", {"amount": 10**30}, "merchant", 409, "wrong_stage"),
        ("extension", {"extension": "P1D"}, "merchant", 409, "wrong_stage"),
        ("receipt", {}, "buyer", 409, "wrong_stage"),
        ("extension", {}, "buyer", 409, "wrong_stage"),
        ("payment", {"bank": "sandbox", "method": "card"}, "merchant", 403, "not_your_command"),
        ("receipt", {}, "merchant", 403, "not_your_command"),
        ("shipment", {}, "buyer", 403, "not_your_command"),
        ("refunds", {"amount": 1}, "buyer", 403, "not_your_command"),
    ],
)
async def test_what_is_not_possible_now_is_refused_and_stays_refused(
    shop: Shop, command: str, body: dict[str, Any], who: str, status: int, code: str
) -> None:
    """Judged on the row: no workflow is woken, and no worker runs in this test."""
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/{command}"
    token = token_of(escrow) if who == "buyer" else ""
    first = await shop.post(path, body, key="no", token=token)
    is_problem(first, status, code)
    again = await shop.post(path, body, key="no", token=token)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow


async def test_a_key_that_was_used_for_one_command_is_not_good_for_another(shop: Shop) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    await shop.post(f"{path}/refunds", {"amount": 1}, key="k")
    is_problem(await shop.post(f"{path}/refunds", {"amount": 2}, key="k"), 422,
               "idempotency_key_reused")  # fmt: skip
    is_problem(await shop.post(f"{path}/shipment", key="k"), 422, "idempotency_key_reused")
