"""The example shop believes Danbao's webhooks only, once each, and in their own order."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from fastapi import Request

from danbao_client import Retries
from danbao_client.problems import problem
from examples.shop import Settings, not_now, shop
from webhooks.signing import new_secret, signed_headers

GUIDE = (Path(__file__).parents[3] / "docs/guides/webhooks.md").read_text()
[SAID] = re.findall(r"```json\n(\{\n  \"type\".*?)```", GUIDE, flags=re.S)
SECRET, NEXT = new_secret(), new_secret()
PAYOUT = {
    "id": "evt_9",
    "sequence": 1,
    "payout": {
        "id": "pay_1",
        "status": "sent",
        "amount": 700,
        "currency": "CNY",
        "bank": "sandbox",
        "day": "2026-03-02",
        "reason": "",
    },
    "detail": {},
}


@pytest_asyncio.fixture
async def at_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """Of a merchant whose Danbao answers nobody."""
    monkeypatch.setenv("DANBAO_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DANBAO_API_KEY", "ek_test_nobody")
    monkeypatch.setenv("SHOP_WEBHOOK_SECRETS", f"{SECRET} {NEXT}")
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.sqlite"))
    transport = httpx2.ASGITransport(shop)
    async with (
        shop.router.lifespan_context(shop),
        httpx2.AsyncClient(base_url="http://shop.invalid", transport=transport) as client,
    ):
        yield client


def event(kind: str, sequence: int, status: str, **changes: Any) -> dict[str, Any]:
    """Number `sequence` of one purchase, after which it has `status`."""
    said: dict[str, Any] = json.loads(SAID)
    told = {"id": f"evt_{sequence}", "sequence": sequence}
    escrow = {"status": status, "version": sequence} | changes
    data = said["data"] | told | {"escrow": said["data"]["escrow"] | escrow}
    return said | {"type": kind, "data": data}


async def told(at_shop: httpx2.AsyncClient, said: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps(said).encode()
    headers = signed_headers(said["data"]["id"], body, [secret], datetime.now(UTC))
    return (await at_shop.post("/webhooks", content=body, headers=headers)).status_code


async def orders(at_shop: httpx2.AsyncClient) -> list[str]:
    """The words of every order's status."""
    page = (await at_shop.get("/orders")).text
    return re.findall(r'<span class="pill \w+">(.*?)</span>', page)


PAID = event("escrow.paid", 2, "awaiting_shipment")
SENT = event("escrow.shipped", 3, "awaiting_confirmation")
DONE = event("escrow.released", 5, "completed")


@pytest.mark.parametrize("secret", [SECRET, NEXT], ids=["this", "next"])
async def test_an_order_is_what_danbao_said_of_it(at_shop: httpx2.AsyncClient, secret: str) -> None:
    assert await orders(at_shop) == []
    assert await told(at_shop, PAID, secret) == 204
    assert await orders(at_shop) == ["paid: send it"]
    assert "<button>Ship</button>" in (await at_shop.get("/orders")).text


async def test_late_and_repeated_news_change_nothing(at_shop: httpx2.AsyncClient) -> None:
    for said in (SENT, DONE, PAID, SENT, DONE):
        assert await told(at_shop, said) == 204
    assert await orders(at_shop) == ["completed"]
    assert (await at_shop.get("/orders")).text.count("no. 3 of") == 1


async def test_a_redelivered_event_is_heard_once_though_its_purchase_went_back(
    at_shop: httpx2.AsyncClient,
) -> None:
    """By its id, not by what it says."""
    await told(at_shop, PAID)
    again = event("escrow.paid", 2, "closed") | {"extra": 1}
    await told(at_shop, again)
    assert await orders(at_shop) == ["paid: send it"]


async def test_a_forged_notice_changes_nothing(at_shop: httpx2.AsyncClient) -> None:
    assert await told(at_shop, PAID, new_secret()) == 401
    assert (await at_shop.post("/webhooks", content=b"{}")).status_code == 401
    assert await orders(at_shop) == []


async def test_what_is_not_about_a_purchase_is_heard_and_left_alone(
    at_shop: httpx2.AsyncClient,
) -> None:
    said = {"type": "payout.sent", "timestamp": "2026-03-02T12:00:00Z", "data": PAYOUT}
    assert await told(at_shop, said) == 204
    assert await orders(at_shop) == []


async def test_another_sites_button_is_not_ours(at_shop: httpx2.AsyncClient) -> None:
    await told(at_shop, PAID)
    path = f"/orders/{PAID['data']['escrow']['id']}/shipment"
    answer = await at_shop.post(path, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_a_form_that_is_not_ours_is_refused(at_shop: httpx2.AsyncClient) -> None:
    ticket = "t" * 22
    for form in ({}, {"product": "boots", "email": "a@b.c", "ticket": "guessed"}):
        assert (await at_shop.post("/orders", data=form)).status_code == 422
    form = {"product": "yacht", "email": "a@b.c", "ticket": ticket}
    assert (await at_shop.post("/orders", data=form)).status_code == 404
    assert (await at_shop.get(f"/thanks/{ticket}")).status_code == 404
    assert (await at_shop.post("/orders/esc_1/shipment")).status_code == 404


async def test_danbao_out_of_reach_is_a_page_that_says_so(
    at_shop: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.state.danbao, "_retries", Retries(most=0))
    form = {"product": "lamp", "email": "a@b.c", "ticket": "t" * 22}
    answer = await at_shop.post("/orders", data=form)
    assert answer.status_code == 503
    assert "Danbao does not answer" in answer.text


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "not yours"), (409, "not yours"), (401, "does not answer"), (503, "does not answer")],
)
async def test_a_no_of_danbaos_is_not_taken_for_an_outage(status: int, words: str) -> None:
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []})
    answer = await not_now(request, problem(status, {"detail": "not yours"}))
    assert words in bytes(answer.body).decode()


async def test_every_form_of_the_catalogue_is_its_own_order(at_shop: httpx2.AsyncClient) -> None:
    pages = [(await at_shop.get("/")).text for _ in range(2)]
    tickets = [ticket for page in pages for ticket in re.findall(r'"ticket" value="(.*?)"', page)]
    assert len(set(tickets)) == len(tickets) == 8


async def test_a_page_runs_no_script_and_is_framed_by_nobody(at_shop: httpx2.AsyncClient) -> None:
    answer = await at_shop.get("/orders")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text


def test_no_secret_is_shown() -> None:
    known = {"DANBAO_URL": "u", "DANBAO_API_KEY": "ek_test_1", "SHOP_WEBHOOK_SECRETS": "whsec_1"}
    shown = repr(Settings.from_environment(known))
    assert "ek_test_1" not in shown
    assert "whsec_1" not in shown


def test_it_uses_nothing_of_ours_but_the_client() -> None:
    source = (Path(__file__).parents[3] / "examples/shop.py").read_text()
    imported = set(re.findall(r"^(?:from|import) (\w+)", source, flags=re.M))
    ours = {
        "activities",
        "api",
        "banks",
        "clearing",
        "reconciliation",
        "domain",
        "ledger",
        "runtime",
        "webhooks",
        "workflows",
    }
    assert imported & ours == set()
    assert "danbao_client" in imported


def test_the_guide_names_every_setting_and_what_is_worth_copying() -> None:
    root = Path(__file__).parents[3]
    source, guide = (
        (root / "examples/shop.py").read_text(),
        (root / "docs/guides/shop.md").read_text(),
    )
    settings = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', source))
    named = {
        name
        for row in re.findall(r"^\| (`[A-Z]{2}.*?) \|", guide, flags=re.M)
        for name in row.split("`, `")
    }
    assert {name.strip("`") for name in named} == settings
    functions = re.findall(r"^\| `(?:\w+\.)?([a-z_]+)` \|", guide, flags=re.M)
    assert functions
    assert all(f"def {name}(" in source for name in functions)
