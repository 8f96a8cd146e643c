"""Requests that no honest client sends: answered like all others, and counted like all others."""

import asyncio
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.integration.api.shop import Shop, order
from tests.integration.api.test_api_bad_input import is_problem

JSON = {"Content-Type": "application/json"}
LONG = b'{"order_id": "' + b"A" * 70_000 + b'"}'


async def sent(served: str, method: str) -> bytes:
    """The status line that a request with this method gets."""
    where = urlsplit(served)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"{method} /v1/escrows HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    status = await reader.readline()
    writer.close()
    return status


async def test_a_made_up_method_makes_no_new_metric(http: httpx2.AsyncClient, served: str) -> None:
    made_up = [f"METHOD{number}" for number in range(5)]
    assert {await sent(served, method) for method in made_up} == {
        b"HTTP/1.1 405 Method Not Allowed\r\n"
    }
    metrics = (await http.get("/metrics")).text
    assert not [method for method in made_up if method in metrics]
    assert 'method="other"' in metrics


async def test_an_address_with_a_slash_too_many_is_none(shop: Shop) -> None:
    is_problem(await shop.post("/v1/escrows/", order()), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"), [(b"{", 400, "malformed_body"), (LONG, 413, "body_too_large")]
)
async def test_who_asks_comes_before_what_can_not_be_read(
    shop: Shop, body: bytes, status: int, code: str
) -> None:
    """And it costs a stranger and a merchant as much as any other request."""
    stranger = await shop.http.post("/v1/escrows", content=body, headers=JSON)
    is_problem(stranger, 401, "unauthenticated")
    assert stranger.headers["ratelimit-policy"].startswith('"failures"')

    known = await shop.http.post("/v1/escrows", content=body, headers=shop.headers() | JSON)
    is_problem(known, status, code)
    assert known.headers["ratelimit-policy"].startswith('"key"')


async def test_a_bank_is_asked_for_its_signature_and_for_no_key(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/banks/sandbox/callbacks", content=LONG, headers=JSON)
    is_problem(answer, 413, "body_too_large")
