"""Both clients can do the same, neither shows a secret, and mistakes are told at once."""

import inspect
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from danbao_client import (
    AsyncDanbao,
    Danbao,
    UnreadableAnswer,
    aio_escrows,
    calls,
    disputes,
    endpoints,
    escrows,
    evidence,
    log,
    models,
)
from danbao_client.wire import Wire, answer

KEY = "ek_test_0123456789abcdef0123456789abcdef"
URL = "https://pay.example"

PAIRS = [
    (Danbao, AsyncDanbao),
    (escrows.Escrows, aio_escrows.AsyncEscrows),
    (disputes.Disputes, disputes.AsyncDisputes),
    (evidence.Evidence, evidence.AsyncEvidence),
    (log.Events, log.AsyncEvents),
    (endpoints.WebhookEndpoints, endpoints.AsyncWebhookEndpoints),
]


def methods(kind: type) -> dict[str, inspect.Signature]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: inspect.signature(function) for name, function in found if name[0] != "_"}


def plain(signature: inspect.Signature) -> str:
    """Without what has another name in the other client."""
    return re.sub(r"Async(?=[A-Z])", "", str(signature))


@pytest.mark.parametrize(("waiting", "awaited"), PAIRS)
def test_both_clients_have_the_same_methods(waiting: type, awaited: type) -> None:
    theirs = {name: plain(signature) for name, signature in methods(awaited).items()}
    assert {name: plain(signature) for name, signature in methods(waiting).items()} == theirs


@pytest.mark.parametrize(("waiting", "awaited"), PAIRS)
def test_the_methods_say_the_same_of_themselves(waiting: type, awaited: type) -> None:
    for name in methods(waiting):
        assert getattr(waiting, name).__doc__ == getattr(awaited, name).__doc__


async def test_a_client_shows_no_more_of_its_key_than_the_end() -> None:
    with Danbao(URL, KEY) as danbao:
        assert repr(danbao) == "<Danbao https://pay.example key …cdef>"
    async with AsyncDanbao(URL, KEY) as danbao:
        assert repr(danbao) == "<AsyncDanbao https://pay.example key …cdef>"
    assert KEY not in repr(Wire(URL, KEY))


def test_a_purchase_shows_neither_its_links_nor_its_buyer(escrow: dict[str, Any]) -> None:
    shown = repr(models.Escrow.model_validate(escrow))
    assert escrow["id"] in shown
    for secret in ("checkout_url", "order_url", "buyer@example.com", escrow["checkout_url"]):
        assert secret not in shown


def test_a_call_does_not_show_what_it_says() -> None:
    call = calls.create_escrow(
        order_id="A-1",
        amount=1,
        currency="CNY",
        description="Tea",
        buyer_email="buyer@example.com",
        return_url="https://shop.example/",
    )
    assert "buyer@example.com" not in repr(call)


def test_an_unreadable_answer_does_not_quote_it(escrow: dict[str, Any]) -> None:
    call = calls.get_escrow("esc_1")
    broken = models.Escrow.model_validate(escrow).model_dump_json().replace("12900", '"many"')
    with pytest.raises(UnreadableAnswer, match="amount: Input should be") as raised:
        answer(call, 200, {}, broken.encode())
    assert "buyer@example.com" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_another_servers_page_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match="the body: Invalid JSON"):
        answer(calls.get_escrow("esc_1"), 200, {}, b"<html>Welcome to my router</html>")


@pytest.mark.parametrize("url", ["pay.example", "ftp://pay.example", "https://", "http://u:p@h/"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Danbao(url, KEY)


@pytest.mark.parametrize("key", ["", "ek_test_\n", "ek_test_…"])
def test_a_key_that_is_none_is_told_at_once_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="api_key"):
        Danbao(URL, key)


def test_a_new_field_and_a_new_status_do_no_harm(escrow: dict[str, Any]) -> None:
    newer = models.Escrow.model_validate({**escrow, "status": "polishing", "colour": "red"})
    assert newer.status == "polishing"
    assert newer.model_extra == {"colour": "red"}
    assert not newer.ended


def test_an_id_cannot_leave_its_place_in_the_address() -> None:
    request = Wire(f"{URL}/", KEY).request(calls.get_escrow("../balance?x=1"))
    assert request["url"] == "https://pay.example/v1/escrows/..%2Fbalance%3Fx%3D1"


def test_a_command_keeps_its_key_and_each_command_has_its_own() -> None:
    wire, call = Wire(URL, KEY), calls.cancel("esc_1")
    keys = [wire.request(call)["headers"]["idempotency-key"] for _ in range(2)]
    assert keys == [call.key, call.key]
    assert calls.cancel("esc_1").key != call.key
    assert calls.cancel("esc_1", idempotency_key="mine").key == "mine"


def test_a_long_poll_waits_longer_than_the_api() -> None:
    request = Wire(URL, KEY, timeout=3).request(calls.escrow_changed("esc_1", 3, 25))
    assert request["timeout"].read == 28


def test_durations_are_said_in_iso_8601() -> None:
    assert calls.extend("esc_1", timedelta(days=3)).body == {"extension": "P3D"}
    assert calls.extend("esc_1", "PT30M").body == {"extension": "PT30M"}


def test_it_can_be_installed_alone() -> None:
    """What it imports is in its own list of dependencies; the wheel says that it is typed."""
    folder = Path(__file__).parents[3] / "client"
    wanted = (folder / "pyproject.toml").read_text()
    source = "\n".join(file.read_text() for file in (folder / "danbao_client").glob("*.py"))
    imported = set(re.findall(r"^(?:from|import) (\w+)", source, flags=re.M))
    foreign = imported - set(sys.stdlib_module_names) - {"danbao_client"}
    assert foreign == set(re.findall(r'"(\w+)>=', wanted)) - {"hatchling"}
    assert (folder / "danbao_client/py.typed").exists()
