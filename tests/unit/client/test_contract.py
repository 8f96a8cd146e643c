"""The client says and understands what the committed OpenAPI document says, all of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from danbao_client import events, evidence_calls, hooks, models, money
from danbao_client.calls import Call
from tests.unit.client.routes import CALLS, LEFT_OUT, NOT_SAID

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/reference/openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
#: Headers that every call has its own way with.
KEY = "Idempotency-Key"

MODELS: dict[str, type[BaseModel]] = {
    "EscrowOut": models.Escrow,
    "EscrowList": models.EscrowPage,
    "Item": models.Item,
    "DisputeOut": models.Dispute,
    "OutlookOut": models.Outlook,
    "MayOut": models.May,
    "AheadOut": models.Ahead,
    "BuyerOut": models.Buyer,
    "TermsOut": models.Terms,
    "WindowsOut": models.Windows,
    "PaymentStanding": models.Payment,
    "EvidenceOut": evidence_calls.Evidence,
    "EvidenceList": evidence_calls.EvidenceList,
    "EventList": events.EventPage,
    "EscrowEvents": events.EscrowEvents,
    "EventOut": events.EscrowEvent,
    "EventData": events.EscrowNews,
    "EscrowTold": events.Standing,
    "PayoutEventData": events.PayoutNews,
    "PayoutTold": events.PayoutStanding,
    "BalanceOut": money.Balance,
    "BalanceList": money.Balances,
    "PayoutOut": money.Payout,
    "PayoutList": money.PayoutPage,
    "LineOut": money.Line,
    "LineList": money.LinePage,
    "StatementOut": money.StatementPage,
    "EndpointOut": hooks.WebhookEndpoint,
    "EndpointSecretOut": hooks.WebhookEndpointWithSecret,
    "EndpointList": hooks.WebhookEndpointPage,
    "SentOut": hooks.Sent,
    "AnsweredOut": hooks.Heard,
    "DeliveryOut": hooks.Delivery,
    "DeliveryList": hooks.DeliveryPage,
    "UnheardOut": hooks.Unheard,
    "UnheardList": hooks.UnheardPage,
    "RedeliveryOut": hooks.Redelivery,
    "ParkedRedeliveryOut": hooks.ParkedRedelivery,
}

EVERY_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
EVERY_MODEL = pytest.mark.parametrize("name", MODELS)


def operation(call: Call[Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][call.path][call.method.lower()]
    return found


def parameters(call: Call[Any], place: str) -> set[str]:
    asked = operation(call).get("parameters", [])
    return {each["name"] for each in asked if each["in"] == place}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, or what it points at; of something that may be null, what it is otherwise."""
    found: dict[str, Any] = schema
    while "$ref" in found or "anyOf" in found:
        if "anyOf" in found:
            found = next(each for each in found["anyOf"] if each.get("type") != "null")
        else:
            found = SCHEMAS[found["$ref"].rsplit("/", 1)[1]]
    return found


def objects(schema: dict[str, Any], said: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each object of `said` with its schema, the outermost first."""
    schema = resolved(schema)
    if isinstance(said, list):
        for each in said:
            yield from objects(schema["items"], each)
    elif isinstance(said, dict):
        yield schema, said
        for name, value in said.items():
            yield from objects(schema.get("properties", {}).get(name, {}), value)


def answers(call: Call[Any]) -> Iterator[str]:
    """Names of the schemas that a 2xx of this route has."""
    for status, response in operation(call)["responses"].items():
        if status.startswith("2") and "content" in response:
            if "application/json" not in response["content"]:
                continue
            schema = response["content"]["application/json"]["schema"]
            yield schema["$ref"].rsplit("/", 1)[1]


def test_every_route_is_in_the_client_or_left_out_for_a_reason() -> None:
    routes = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    ours = {(call.method.lower(), call.path) for call in CALLS}
    assert routes - ours == set(LEFT_OUT)
    assert ours & set(LEFT_OUT) == set()


@EVERY_CALL
def test_a_call_has_the_parameters_of_its_route(call: Call[Any]) -> None:
    assert set(call.ids) == parameters(call, "path")
    assert set(call.query) <= parameters(call, "query")
    assert bool(call.key) == (KEY in parameters(call, "header"))
    assert set(call.headers) <= {name.lower() for name in parameters(call, "header")}


def test_every_parameter_of_a_route_can_be_said() -> None:
    for path, method in {(call.path, call.method) for call in CALLS}:
        same = [call for call in CALLS if (call.path, call.method) == (path, method)]
        said = {name for call in same for name in (*call.query, *call.headers)}
        wanted = parameters(same[0], "query") | parameters(same[0], "header") - {KEY}
        unsaid = {name for where, name in NOT_SAID if where == path}
        assert said == wanted - unsaid, path
        assert unsaid <= wanted


@EVERY_CALL
def test_a_body_says_every_field_that_there_is(call: Call[Any]) -> None:
    asked = operation(call).get("requestBody")
    assert (call.body is not None or call.form is not None) == (asked is not None)
    if asked is None:
        return
    if call.form is not None:
        fields = asked["content"]["multipart/form-data"]["schema"]["properties"]
        assert call.form.name in fields
        return
    schema = asked["content"]["application/json"]["schema"]
    for known, said in objects(schema, json.loads(json.dumps(call.body))):
        assert set(said) == set(known.get("properties", {}))


@EVERY_CALL
def test_an_answer_has_its_model(call: Call[Any]) -> None:
    assert set(answers(call)) <= set(MODELS)


@EVERY_MODEL
def test_a_model_has_the_fields_of_its_schema(name: str) -> None:
    theirs = SCHEMAS[name]["properties"]
    ours = MODELS[name].model_json_schema(mode="validation")
    assert set(ours["properties"]) == set(theirs)
    assert set(ours.get("required", ())) <= set(SCHEMAS[name].get("required", ()))


@EVERY_MODEL
def test_a_field_has_the_type_of_its_schema(name: str) -> None:
    ours = MODELS[name].model_json_schema(mode="validation")
    known = ours.get("$defs", {})
    for field, theirs in SCHEMAS[name]["properties"].items():
        assert kinds(ours["properties"][field], known) == kinds(theirs, SCHEMAS), field


def kinds(schema: dict[str, Any], known: dict[str, Any]) -> set[str]:
    """JSON types that a value may have."""
    if "$ref" in schema:
        return kinds(known[schema["$ref"].rsplit("/", 1)[1]], known)
    if "anyOf" in schema:
        return {kind for each in schema["anyOf"] for kind in kinds(each, known)}
    return {schema["type"]}


def test_every_example_of_an_answer_can_be_read() -> None:
    [example] = SCHEMAS["EscrowOut"]["examples"]
    escrow = models.Escrow.model_validate(example)
    assert escrow.status is models.Status.AWAITING_SHIPMENT
    assert escrow.terms.windows.inspection.days == 7


def test_the_example_of_an_event_can_be_read() -> None:
    [example] = SCHEMAS["EventOut"]["examples"]
    paid = events.event(example)
    assert isinstance(paid, events.EscrowPaid)
    assert paid.escrow.held == 12_900


def test_the_words_are_the_words_of_the_api() -> None:
    [status] = [
        each["schema"]
        for each in DOCUMENT["paths"]["/v1/escrows"]["get"]["parameters"]
        if each["name"] == "status"
    ]
    assert status["anyOf"][0]["enum"] == [str(each) for each in models.Status]
    [types] = [
        each["schema"]["items"]["enum"]
        for each in DOCUMENT["paths"]["/v1/events"]["get"]["parameters"]
        if each["name"] == "types"
    ]
    assert set(types) == set(events.TYPES)
    states = SCHEMAS["PaymentStanding"]["properties"]["state"]["enum"]
    assert states == [str(each) for each in models.PaymentState]
    assert SCHEMAS["Funding"]["enum"] == [str(each) for each in models.Funding]
