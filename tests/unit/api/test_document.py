"""The OpenAPI document keeps on every route what is promised for everywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api import routes
from api.examples import NoExample, example
from api.problems import PROBLEMS
from api.scopes import Scope
from tests.conftest import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/reference/openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
#: A bank signs what it says: it has no key of ours and no quota.
OURS = [case for case in OPERATIONS if "security" in case[2]]
OPERATORS = "/v1/disputes"
ROUTES = {
    (route.path, method.lower()): route
    for part in routes.PARTS
    for route in part.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
}


def each(cases: list[tuple[str, str, dict[str, Any]]]) -> pytest.MarkDecorator:
    names = [f"{method} {path}" for method, path, _ in cases]
    return pytest.mark.parametrize(("method", "path", "operation"), cases, ids=names)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that goes in or out, with where it stands."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", content
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield f"{status} {kind}", content


def options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """`schema` and its alternatives, with references followed."""
    every = [schema, *schema.get("anyOf", [])]
    return [SCHEMAS[one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one for one in every]


def objects(schema: dict[str, Any], path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that can stand in a body, with its place."""
    for one in options(schema):
        if one.get("type") == "object":
            yield path, one
        for name, inner in one.get("properties", {}).items():
            yield from objects(inner, f"{path}/{name}")
        if "items" in one:
            yield from objects(one["items"], f"{path}/0")


@each(OPERATIONS)
def test_every_request_and_every_answer_has_an_example(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    without = [
        place
        for place, content in contents(operation)
        if not ("example" in content or "examples" in content)
        and not any(one.get("examples") for one in options(content["schema"]))
    ]
    assert without == []


@each(OPERATIONS)
def test_the_examples_of_answers_are_answers(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    """As the route's own model sees it, which the answer is made of."""
    model = ROUTES[path, method].response_model
    shown = [
        response["content"]["application/json"]["example"]
        for status, response in operation["responses"].items()
        if status.startswith("2") and "application/json" in response.get("content", {})
    ]
    assert bool(shown) == (model is not None)
    for said in shown:
        TypeAdapter(model).validate_python(said)


@each(OURS)
def test_no_body_has_room_for_what_we_do_not_know(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    open_ = [
        place
        for place, schema in objects(body.get("schema", {}))
        if schema.get("additionalProperties") is not False
    ]
    assert open_ == []


@each(OURS)
def test_a_key_needs_exactly_one_scope_and_a_link_none(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    needed = {name: scopes for names in operation["security"] for name, scopes in names.items()}
    if path.startswith(OPERATORS):
        # Operators have roles; each route's own refusals say which it takes.
        assert needed == {"OperatorKey": []}
        return
    (scope,) = needed.pop("ApiKey")
    assert scope in set(Scope)
    assert list(needed.values()) in ([], [[]])


@each(OURS)
def test_every_route_says_what_can_go_wrong_everywhere(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    everywhere = {
        "401": ("unauthenticated", "invalid_api_key"),
        "422": ("invalid_request",),
        "429": ("too_many_requests",),
        "503": ("unavailable",),
    }
    if not path.startswith(OPERATORS):
        everywhere["403"] = ("missing_scope",)
    if method == "post":
        everywhere["400"] = ("idempotency_key_missing", "idempotency_key_invalid")
        everywhere["409"] = ("idempotency_key_in_flight",)
        everywhere["422"] += ("idempotency_key_reused",)
    if "requestBody" in operation:
        everywhere["413"] = ("body_too_large",)
        everywhere["415"] = ("unsupported_media_type",)
    for status, codes in everywhere.items():
        said = operation["responses"][status]["content"]["application/problem+json"]["examples"]
        assert set(codes) <= set(said), status


@each(OPERATIONS)
def test_every_problem_has_its_code_and_its_section(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    codes = {kind.code: problem.status for kind, problem in PROBLEMS.items()}
    for status, response in operation["responses"].items():
        said = response.get("content", {}).get("application/problem+json", {})
        for code in said.get("examples", {}):
            assert str(codes[code]) == status
            shown = DOCUMENT["components"]["examples"][code]["value"]
            assert shown["type"].endswith(f"/docs/errors#{code}")


@each(OURS)
def test_every_answer_names_its_headers(method: str, path: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        named = set(response["headers"])
        assert {"X-Request-Id", "RateLimit-Policy", "RateLimit"} <= named
        assert ("Retry-After" in named) == (status in ("429", "503"))
        assert ("WWW-Authenticate" in named) == (status == "401")
        if method == "post" and status.startswith("2"):
            assert "Idempotent-Replayed" in named
        assert named <= set(DOCUMENT["components"]["headers"])


@each([case for case in OURS if case[0] == "post"])
def test_every_command_requires_a_key(method: str, path: str, operation: dict[str, Any]) -> None:
    (key,) = [one for one in operation["parameters"] if one["name"] == "Idempotency-Key"]
    assert key["required"]


PAGED = [
    case for case in OURS if any(one["name"] == "limit" for one in case[2].get("parameters", ()))
]


@each(PAGED)
def test_lists_come_in_pages(method: str, path: str, operation: dict[str, Any]) -> None:
    (limit,) = [one["schema"] for one in operation["parameters"] if one["name"] == "limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 20)
    shown = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert {"data", "has_more", "next_cursor"} <= set(shown)


def test_a_field_without_an_example_is_found() -> None:
    row = {"type": "object", "properties": {"name": {"type": "string"}}}
    listing = {"type": "object", "properties": {"data": {"type": "array", "items": row}}}
    with pytest.raises(NoExample, match="#/data/0/name"):
        example(listing, {})
