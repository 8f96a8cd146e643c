"""What holds on every route of `/v1`, asked of every operation of the OpenAPI document."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from api.doors import Doors
from api.merchants import create_merchant, revoke_key
from api.scopes import EVERYTHING, Scope
from tests.conftest import ROOT
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop
from tests.integration.clearing.till import Till
from tests.workflows.parts import ScriptedBank

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/reference/openapi.json").read_text())
JSON, FORM = "application/json", "multipart/form-data"
ENDPOINT_ID = re.compile(r"whe_[0-9a-f]{32}")
#: (method, path, what the document says of it)
Case = tuple[str, str, dict[str, Any]]
CASES: list[Case] = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    # A bank is no caller of ours: it signs what it says, see test_api_callbacks.py. Operators have
    # keys of their own: operators/test_operator_conventions.py.
    if "security" in operation and not path.startswith("/v1/disputes")
]


def contents(operation: dict[str, Any]) -> dict[str, Any]:
    """Kind → what may be sent as it."""
    found: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return found


def each(cases: list[Case]) -> pytest.MarkDecorator:
    names = [f"{method} {path}" for method, path, _ in cases]
    return pytest.mark.parametrize(("method", "path", "operation"), cases, ids=names)


every_operation = each(CASES)
every_command = each([case for case in CASES if case[0] == "post"])
every_body = each([case for case in CASES if JSON in contents(case[2])])


@pytest_asyncio.fixture(scope="session")
async def resting(http: httpx2.AsyncClient, doors: Doors) -> Shop:
    """For what changes nothing."""
    async with doors.engine.begin() as connection:
        merchant = await create_merchant(connection, "Resting")
    return Shop(http, doors, merchant.id, merchant.key)


@pytest_asyncio.fixture(scope="session")
async def resting_places(resting: Shop) -> dict[str, str]:
    return await behind_every_name(resting)


@pytest_asyncio.fixture
async def places(shop: Shop, teller: ScriptedBank) -> dict[str, str]:
    return await behind_every_name(shop)


async def behind_every_name(shop: Shop) -> dict[str, str]:
    """Something of this shop's for every name that stands in a path."""
    escrow = await shop.create()
    events = (await shop.get("/v1/events")).json()["data"]
    endpoint = await shop.post("/v1/webhook_endpoints", {"url": "https://shop.example/hooks"})
    return {
        "escrow_id": escrow["id"],
        "event_id": events[0]["data"]["id"],
        "endpoint_id": endpoint.json()["id"],
        "evidence_id": f"evd_{'0' * 32}",
        "payout_id": (await Till(shop.doors.engine).paid_out(shop.id)).id,
        "day": "2026-03-02?currency=EUR",
    }


def example(operation: dict[str, Any], places: dict[str, str]) -> Any:
    """What the document itself says one can send, about what there is."""
    content = contents(operation).get(JSON, {})
    schema = content.get("schema", {})
    for option in [schema, *schema.get("anyOf", [])]:
        name = option.get("$ref", "").rsplit("/", 1)[-1]
        for found in DOCUMENT["components"]["schemas"].get(name, {}).get("examples", []):
            said = ENDPOINT_ID.sub(places.get("endpoint_id", ""), json.dumps(found))
            return json.loads(said)
    return {}


async def ask(
    shop: Shop, method: str, path: str, places: dict[str, str], **changed: Any
) -> httpx2.Response:
    headers = {**shop.headers(), "Content-Type": "application/json"} | changed.pop("headers", {})
    headers = {name: value for name, value in headers.items() if value is not None}
    return await shop.http.request(method, path.format(**places), headers=headers, **changed)


def is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@every_operation
async def test_nobody_gets_in_without_saying_who(
    resting: Shop, resting_places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    answer = await ask(
        resting, method, path, resting_places, headers={"Authorization": None}, content="{}"
    )
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["ratelimit-policy"].startswith('"failures";q=')


@every_operation
async def test_a_key_needs_the_scope_that_the_document_names(
    new_shop: NewShop,
    resting_places: dict[str, str],
    method: str,
    path: str,
    operation: dict[str, Any],
) -> None:
    (needed,) = next(names["ApiKey"] for names in operation["security"] if "ApiKey" in names)
    lacking = await new_shop("Restricted", EVERYTHING - {Scope(needed)})
    body = json.dumps(example(operation, resting_places))
    answer = await ask(lacking, method, path, resting_places, content=body)
    is_problem(answer, 403, "missing_scope")
    assert needed in answer.json()["detail"]
    allowed = await new_shop("Enough", {Scope(needed)})
    answer = await ask(allowed, method, path, resting_places, content=body)
    assert answer.status_code not in (401, 403)


@every_operation
async def test_a_revoked_key_opens_nothing(
    shop: Shop, resting_places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    async with shop.doors.engine.begin() as connection:
        await revoke_key(connection, shop.id, shop.key[-4:])
    is_problem(await ask(shop, method, path, resting_places, content="{}"), 401, "invalid_api_key")


@every_operation
async def test_every_answer_says_how_much_is_left_and_what_it_is_called(
    shop: Shop, places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    mine = f"mine-{uuid4().hex}"
    body = json.dumps(example(operation, places))
    answer = await ask(shop, method, path, places, content=body, headers={"X-Request-Id": mine})
    assert answer.status_code < 500
    assert answer.headers["ratelimit-policy"].startswith('"key";q=')
    assert answer.headers["ratelimit"].startswith('"key";r=')
    assert answer.headers["x-request-id"] == mine


@every_command
async def test_a_command_needs_a_usable_key(
    resting: Shop, resting_places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    body = json.dumps(example(operation, resting_places))
    for key, code in (
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_invalid"),
        ("a b", "idempotency_key_invalid"),
        ('"half', "idempotency_key_invalid"),
    ):
        answer = await ask(
            resting, method, path, resting_places, content=body, headers={"Idempotency-Key": key}
        )
        is_problem(answer, 400, code)


@every_command
async def test_the_same_key_gets_the_same_answer_and_only_for_the_same_request(
    shop: Shop, places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    """Bare and quoted are one key. A refusal is an answer too."""
    key = uuid4().hex
    body: dict[str, Any] = {"content": json.dumps(example(operation, places))}
    kind = {}
    if FORM in contents(operation):
        fields = contents(operation)[FORM]["schema"]["examples"][0].items()
        body = {"files": {name: (None, said.encode()) for name, said in fields}}
        kind = {"Content-Type": None}
    first = await ask(shop, method, path, places, **body, headers={**kind, "Idempotency-Key": key})
    assert first.status_code < 500
    assert "idempotent-replayed" not in first.headers
    again = await ask(
        shop, method, path, places, **body, headers={**kind, "Idempotency-Key": f'"{key}"'}
    )
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    other = "/v1/escrows/{escrow_id}/refunds" if "refunds" not in path else "/v1/escrows"
    content = json.dumps({"amount": 7}) if "refunds" not in path else body_of_create()
    reused = await ask(
        shop, "post", other, places, content=content, headers={"Idempotency-Key": key}
    )
    is_problem(reused, 422, "idempotency_key_reused")


@every_body
async def test_a_body_has_nothing_that_we_do_not_know(
    resting: Shop, resting_places: dict[str, str], method: str, path: str, operation: dict[str, Any]
) -> None:
    body = json.dumps({**example(operation, resting_places), "surprise": 1})
    answer = await ask(resting, method, path, resting_places, content=body)
    is_problem(answer, 422, "invalid_request")
    assert "#/surprise" in [flaw.get("pointer") for flaw in answer.json()["errors"]]


@every_body
@pytest.mark.parametrize("chunked", [False, True], ids=["measured", "chunked"])
async def test_a_body_has_at_most_64_kilobytes(
    resting: Shop,
    resting_places: dict[str, str],
    method: str,
    path: str,
    operation: dict[str, Any],
    chunked: bool,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b" " * 1024

    content = pieces() if chunked else b" " * (64 * 1024 + 1)
    answer = await ask(resting, method, path, resting_places, content=content)
    is_problem(answer, 413, "body_too_large")


def body_of_create() -> str:
    return json.dumps(example(DOCUMENT["paths"]["/v1/escrows"]["post"], {}))
