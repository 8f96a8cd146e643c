"""What holds on every route of `/v1` holds on the operators' too."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.integration.api.operators.conftest import Person
from tests.integration.api.shop import Shop
from tests.integration.api.strangers import Operation, operations
from tests.integration.api.test_api_bad_input import is_problem

THEIRS = [one for one in operations() if one.doors == {"OperatorKey"}]
COMMANDS = [one for one in THEIRS if one.method == "POST"]
SPLIT = {"refund": 3000, "release": 1000, "note": "The photographs show it."}
every = pytest.mark.parametrize("operation", THEIRS, ids=str)
every_command = pytest.mark.parametrize("operation", COMMANDS, ids=str)


def at(operation: Operation, escrow: dict[str, Any]) -> str:
    return operation.path.format(dispute_id=escrow["dispute"]["id"], evidence_id="evd_1")


async def knock(
    person: Person, operation: Operation, escrow: dict[str, Any], **changed: Any
) -> httpx2.Response:
    usual = {"Idempotency-Key": uuid4().hex, "If-Match": f'"{escrow["version"]}"'}
    headers = person.headers(**usual) | changed.pop("headers", {})
    headers = {name: value for name, value in headers.items() if value}
    return await person.http.request(
        operation.method, at(operation, escrow), headers=headers, **changed
    )


def test_the_document_knows_them() -> None:
    assert (len(THEIRS), len(COMMANDS)) == (5, 2)


@every
async def test_nobody_gets_in_without_a_key(
    contested: dict[str, Any], mei: Person, shop: Shop, operation: Operation
) -> None:
    other = "x" if mei.key[-1] != "x" else "y"
    for secret in ("", "Bearer ok_test_1", f"Bearer {shop.key}", f"Bearer {mei.key[:-1]}{other}"):
        answer = await knock(mei, operation, contested, headers={"Authorization": secret})
        assert answer.status_code == 401, (secret, answer.text)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["ratelimit-policy"].startswith('"failures"')


@every
async def test_every_answer_says_how_much_is_left(
    contested: dict[str, Any], mei: Person, operation: Operation
) -> None:
    answer = await knock(mei, operation, contested)
    assert answer.headers["ratelimit-policy"].startswith('"key"')
    assert answer.headers["request-id"]


@every_command
async def test_a_command_needs_a_key_and_a_body_that_fits(
    contested: dict[str, Any], mei: Person, operation: Operation
) -> None:
    said = {name: SPLIT[name] for name in ("refund", "release")}
    said |= {"note": SPLIT["note"]} if operation.path.endswith("resolution") else {}
    no_key = await knock(mei, operation, contested, json=said, headers={"Idempotency-Key": ""})
    is_problem(no_key, 400, "idempotency_key_missing")
    unknown = await knock(mei, operation, contested, json=said | {"more": 1})
    is_problem(unknown, 422, "invalid_request")
    large = await knock(mei, operation, contested, content=b'{"note": "' + b"A" * 70_000)
    is_problem(large, 413, "body_too_large")
    as_text = {"Content-Type": "text/plain"}
    is_problem(
        await knock(mei, operation, contested, content=b"{}", headers=as_text),
        415,
        "unsupported_media_type",
    )


async def test_a_decision_repeated_is_answered_as_before(
    contested: dict[str, Any], mei: Person
) -> None:
    dispute, version, key = contested["dispute"]["id"], contested["version"], uuid4().hex
    first = await mei.propose(dispute, version, 3000, 1000, key=key)
    again = await mei.propose(dispute, version, 3000, 1000, key=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await mei.propose(dispute, version, 2000, 2000, key=key)
    is_problem(other, 422, "idempotency_key_reused")
