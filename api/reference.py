"""`/docs`: the reference, rendered from the OpenAPI document by ourselves, so it works offline."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api import bank_callbacks, events, headers, promises, views
from api.auth import buyer_link
from api.evidence import views as evidence
from api.examples import example
from api.idempotency import IDEMPOTENCY_KEY, PATTERN
from api.pages.rendering import page
from api.problems import DOCS_PATH, PROBLEMS, ProblemOut

#: FastAPI leaves out what is null, and so less than the whole.
WHOLE = {"EscrowOut": views.EXAMPLE, "EventOut": events.EXAMPLE, "EvidenceOut": evidence.EXAMPLE}
BUYERS = buyer_link.scheme_name
METHODS = ("get", "post", "put", "delete")
DESCRIPTION = """\
One purchase under our guarantee is an escrow. A merchant creates it, sends the buyer to its
`checkout_url`, ships when it is paid, and is paid when the buyer confirms receipt.

Amounts are whole minor units with an ISO 4217 currency, times are RFC 3339 in UTC, durations
ISO 8601. Every POST takes an `Idempotency-Key`; the same key again gets the same answer, with
`Idempotent-Replayed: true`. Errors are RFC 9457 problem documents; what belongs to somebody else
is 404.
"""

router = APIRouter(prefix="/docs", include_in_schema=False)


def describe(app: FastAPI) -> None:
    """Let `app` say of itself what every answer shares, too."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app.routes)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    said = get_openapi(
        title="Danbao",
        version="1",
        summary="Escrow payments: the buyer's money is held until the goods have arrived.",
        description=DESCRIPTION,
        routes=routes,
    )
    said["components"]["examples"] = promises.examples()
    schemas = said["components"]["schemas"]
    for name, whole in WHOLE.items():
        if name in schemas:
            schemas[name]["examples"] = [whole]
    problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    schemas["BankReport"] = bank_callbacks.REPORT
    said["components"]["headers"] = headers.HEADERS
    for method, operation in (each for path in said["paths"].values() for each in path.items()):
        _corrected(operation)
        _shown(operation, schemas)
        headers.describe(method, operation)
    # FastAPI's own shape of a validation error; ours are problems.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return said


def _corrected(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == IDEMPOTENCY_KEY:
            # Optional to FastAPI only so that its absence has a problem of its own.
            key = {"type": "string", "pattern": f"^{PATTERN}$"}
            parameter |= {"required": True, "schema": key}
    for needed in operation.get("security", ()):
        if BUYERS in needed:
            # Scopes are of keys; a link has its party's rights.
            needed[BUYERS] = []
    invalid = operation["responses"].get("422", {}).get("content", {})
    if "application/json" in invalid:
        del operation["responses"]["422"]


def _shown(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give every answer an example."""
    for response in operation["responses"].values():
        content = response.get("content", {}).get("application/json", {})
        if content.get("schema"):
            content["example"] = example(content["schema"], schemas)


@router.get("")
async def reference(request: Request) -> Response:
    document = request.app.openapi()
    return page(
        "docs.html",
        document=document,
        operations=list(_operations(document)),
        sandbox=not request.app.state.doors.livemode,
        refresh=0,
    )


@router.get(DOCS_PATH.removeprefix("/docs"))
async def errors(request: Request) -> Response:
    """The page that every problem's `type` points at."""
    by_code = sorted((kind.code, problem) for kind, problem in PROBLEMS.items())
    return page(
        "errors.html",
        problems=by_code,
        sandbox=not request.app.state.doors.livemode,
        refresh=0,
    )


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per route: how it is called, an example body, what it answers."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "summary": operation["summary"],
            "description": operation.get("description", ""),
            "parameters": operation.get("parameters", []),
            "example": _example(document, operation),
            "responses": operation["responses"],
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def _example(document: dict[str, Any], operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    examples = document["components"]["schemas"].get(name, {}).get("examples", [])
    return json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
