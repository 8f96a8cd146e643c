"""docs/guides/webhooks.md: its code runs, and what it promises is so."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.notices import FIRST_TRIES, LATER_TRY
from api.events import TYPES
from api.webhook_views import DeliveryOut, EndpointSecretOut
from tests.integration.webhooks.merchant import Merchant
from tests.integration.webhooks.sink import Heard, Sink
from webhooks.courier import Trouble
from webhooks.messenger import DISABLED, HELD_BACK, WebhookMessenger
from webhooks.schedule import MOST_JITTER, WAITS
from workflows.names import notice_id

GUIDE_PATH = Path(__file__).parents[3] / "docs/guides/webhooks.md"
GUIDE = GUIDE_PATH.read_text()
Event = dict[str, Any]
Verified = Callable[[bytes, Mapping[str, str], str], Event]
Remember = Callable[[Event, dict[str, Event]], bool]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)


def shown_json() -> list[Event]:
    return [json.loads(block) for block in blocks("json")]


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names that the guide's Python defines."""
    names: dict[str, Any] = {}
    exec("".join(blocks("python")), names)  # noqa: S102
    return names


@pytest.fixture
async def heard(merchant: Merchant, sink: Sink, messenger: WebhookMessenger) -> Heard:
    await messenger.deliver(merchant.notice, timedelta(seconds=5))
    return sink.heard[0]


async def test_the_guides_code_accepts_what_we_send(
    code: dict[str, Any], heard: Heard, merchant: Merchant
) -> None:
    verified: Verified = code["verified"]

    event = verified(heard.body, heard.headers, merchant.secret)

    assert event["data"]["escrow"]["id"] == merchant.notice.escrow_id


@pytest.mark.parametrize(
    "forged",
    [
        {"webhook-id": "evt_other"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "noon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": "no comma"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": ""},
    ],
)
async def test_the_guides_code_refuses_what_we_did_not_send(
    forged: dict[str, str], code: dict[str, Any], heard: Heard, merchant: Merchant
) -> None:
    with pytest.raises(code["Forged"]):
        code["verified"](heard.body, heard.headers | forged, merchant.secret)


@pytest.mark.parametrize("body", [b"{}", b"\xff\xfe"])
async def test_the_guides_code_refuses_another_body(
    body: bytes, code: dict[str, Any], heard: Heard, merchant: Merchant
) -> None:
    with pytest.raises(code["Forged"]):
        code["verified"](body, heard.headers, merchant.secret)


async def test_what_the_guide_shows_has_the_shape_of_what_we_send(heard: Heard) -> None:
    def shape(told: Event) -> list[list[str]]:
        return [sorted(part) for part in (told, told["data"], told["data"]["escrow"])]

    (shown,) = (said for said in shown_json() if "timestamp" in said)

    assert shape(shown) == shape(json.loads(heard.body))


def test_what_the_guide_shows_of_the_api_has_its_shape() -> None:
    made, tried = (said for said in shown_json() if "timestamp" not in said)

    EndpointSecretOut.model_validate(made)
    DeliveryOut.model_validate(tried)
    assert set(made) == set(EndpointSecretOut.model_fields)
    assert set(tried) == set(DeliveryOut.model_fields)


def test_the_guides_code_keeps_the_newest_standing(code: dict[str, Any]) -> None:
    remember: Remember = code["remember"]
    purchases: dict[str, Event] = {}
    paid, shipped = (
        {"data": {"sequence": number, "escrow": {"id": "esc_1", "status": status}}}
        for number, status in ((2, "awaiting_shipment"), (3, "awaiting_confirmation"))
    )

    assert [remember(one, purchases) for one in (shipped, paid, shipped)] == [True, False, False]
    assert purchases["esc_1"]["status"] == "awaiting_confirmation"
    assert not remember({"data": {"sequence": 1, "payout": {"id": "pay_1"}}}, purchases)


def test_every_event_has_its_line_in_the_guide() -> None:
    rows = "".join(line for line in GUIDE.splitlines() if re.match(r"\| `(escrow|payout)\.", line))

    assert set(re.findall(r"`([a-z._]+)`", rows)) == set(TYPES)


def test_the_waits_in_the_guide_are_the_schedules() -> None:
    units = {"s": "seconds", "min": "minutes", "h": "hours"}
    (row,) = re.findall(r"^\| After the try before \|(.*)\|$", GUIDE, re.M)
    cells = (cell.split() for cell in row.split("|"))
    said = [timedelta(**{units[unit]: int(number)}) for number, unit in cells]

    assert said == list(WAITS)
    assert MOST_JITTER == 0.1, "up to a tenth longer"


def test_the_times_in_the_guide_are_those_we_give() -> None:
    assert timedelta(seconds=1) == FIRST_TRIES
    assert f"first try waits one second, every later one {LATER_TRY.seconds} seconds" in GUIDE


def test_operators_find_retries_by_the_id_in_the_guide() -> None:
    shown = notice_id("{escrow}", 0, "{endpoint}").replace("0", "{sequence}")
    assert f"id `{shown}`" in GUIDE


def test_every_route_in_the_guide_is_one_of_the_api() -> None:
    document = json.loads((GUIDE_PATH.parents[1] / "reference/openapi.json").read_text())
    served = {
        f"{method.upper()} {re.sub(r'{[a-z_]+}', '{id}', path)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    said = {
        route.replace("…", "/v1/webhook_endpoints")
        for route in re.findall(r"`((?:GET|POST|PUT|DELETE) [^` ]+)`", GUIDE)
    }

    assert said <= served
    assert {route for route in served if "webhook_endpoints" in route} <= said


def test_every_trouble_of_a_try_has_its_line_in_the_guide() -> None:
    table = GUIDE.split("| `error` | Means |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|", table, re.M)

    assert rows == [trouble.value for trouble in Trouble if trouble]
    assert {f"`{reason}`" for reason in (HELD_BACK, DISABLED)} <= set(
        re.findall("`[a-z_]+`", GUIDE)
    )


@pytest.mark.parametrize("statement", blocks("sql")[0].split(";")[:-1])
async def test_what_operators_ask_the_database_is_understood(
    statement: str, engine: AsyncEngine
) -> None:
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql(statement)).all() == []
