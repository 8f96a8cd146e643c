"""At the desk: a purchase found by whatever one has, all of it on a page, and what needs a look."""

import csv
import io
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api.operators import overview as overviews
from api.operators.overview import overview
from api.operators.roles import Role
from api.pages.operator.attention import QUERIES
from ledger.tables import Escrow
from tests.conftest import ROOT, Temporal
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.course import paid
from tests.integration.api.operators.conftest import NewPerson, Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.api.shop import Shop, order
from tests.workflows.parts import ScriptedBank

BANK_OWES = text(
    "insert into bank_operation (reference, bank, operation, escrow_id, merchant_id, amount,"
    " currency, of, state, request_hash, created_at) values (:id || ':refund:9', 'sandbox',"
    " 'refund', :id, :merchant, 77, 'CNY', '', 'sending', '\\x00', now() - interval '2 hours')"
)
PARKED = text(
    "insert into unheard_notice (id, endpoint_id, escrow_id, sequence, event_id, type, tries,"
    " reason, parked_at) values (:unheard, 'whe_gone', :id, 9, :event, 'escrow.paid', 10,"
    " 'answered 500', now())"
)

GIVEN_UP = text(
    "insert into unheard_notice (id, endpoint_id, escrow_id, sequence, event_id, type, tries,"
    " reason, parked_at) values (:unheard, :hook, :id, 2, :event, 'escrow.paid', 10,"
    " 'answered 500', now())"
)


@pytest_asyncio.fixture
async def desk(browser: httpx2.AsyncClient, mei: Person) -> httpx2.AsyncClient:
    """Mei's."""
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    return browser


async def test_a_purchase_is_found_by_whatever_somebody_has(
    desk: httpx2.AsyncClient, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal, order_id=f"O-{uuid4().hex[:8]}")
    event = (await shop.get("/v1/events", limit=1)).json()["data"][0]["data"]["id"]
    mine = f"/operator/purchases/{escrow['id']}"
    for known in (
        escrow["id"],
        f" {escrow['id']} ",
        f"{escrow['id']}:payment:1",
        f"dsp_{escrow['id'][4:]}_1",
        event,
        escrow["order_id"],
        shop.id,
    ):
        answer = await desk.get("/operator/purchases", params={"q": known})
        assert (answer.status_code, answer.headers.get("location")) == (303, mine), known
    await shop.create(order_id=escrow["order_id"])
    both = await desk.get("/operator/purchases", params={"q": escrow["order_id"]})
    assert "2 found" in told(both)
    nothing = await desk.get("/operator/purchases", params={"q": "<b>nobody's</b>"})
    assert "Nothing is called" in told(nothing)
    assert "<b>" not in nothing.text
    assert (await desk.get(f"/operator/purchases/esc_{'0' * 32}")).status_code == 404


async def test_one_page_has_all_of_a_purchase(
    desk: httpx2.AsyncClient, shop: Shop, contested: dict[str, Any]
) -> None:
    answer = await desk.get(f"/operator/purchases/{contested['id']}")
    text = told(answer)
    for words in (
        "Waits for operators",
        "Danbao Divide the disputed money.",
        "Disputed 40.00 CNY",
        "5. dispute opened by the buyer · amount=4000 · reason=damaged · told escrow.disputed",
        "2110 escrow disputed",
        "1100 bank clearing",
        f"{contested['id']}:payment:1 at sandbox",
        "89.00 CNY is released to the merchant.",
        "40.00 CNY goes back to the buyer.",
    ):
        assert words in text, words
    assert f'href="/operator/disputes/{contested["dispute"]["id"]}"' in answer.text
    assert "buyer@example.com" not in answer.text


async def test_its_ledger_can_be_saved_and_that_is_written_down(
    desk: httpx2.AsyncClient, contested: dict[str, Any], owner_engine: AsyncEngine
) -> None:
    saved = await desk.get(f"/operator/purchases/{contested['id']}/ledger.csv")
    assert saved.headers["content-disposition"] == f'attachment; filename="{contested["id"]}.csv"'
    assert saved.headers["cache-control"] == "private, no-store"
    rows = list(csv.DictReader(io.StringIO(saved.text)))
    assert [(row["step"], row["debit"], row["credit"], row["amount"]) for row in rows] == [
        ("payment_succeeded", "1100 bank_clearing", "2100 escrow", "12900"),
        ("dispute_opened", "2100 escrow", "2110 escrow_disputed", "4000"),
    ]
    async with owner_engine.connect() as connection:
        noted = text("select count(*) from audit_entry where action = :did and subject = :to")
        did = {"did": "ledger_exported", "to": contested["id"]}
        assert await connection.scalar(noted, did) == 1


async def test_what_does_not_go_on_by_itself_is_shown(
    desk: httpx2.AsyncClient,
    shop: Shop,
    contested: dict[str, Any],
    owner_engine: AsyncEngine,
    without_temporal: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overviews, "UNSTARTED", col(Escrow.started_at).is_(None))
    before = await overview(shop.doors.engine)
    said = order(order_id=f"STUCK-{uuid4().hex[:8]}")
    created = await without_temporal.post("/v1/escrows", json=said, headers=shop.headers())
    stuck = created.json()
    ids = {"id": stuck["id"], "merchant": shop.id, "event": f"evt_{uuid4().hex}"}
    async with owner_engine.begin() as connection:
        await connection.execute(BANK_OWES, {"id": ids["id"], "merchant": ids["merchant"]})
        parked = {"id": ids["id"], "event": ids["event"], "unheard": f"unh_{uuid4().hex}"}
        await connection.execute(PARKED, parked)
    try:
        seen = told(await desk.get("/operator/attention"))
        for words in (
            f"{stuck['id']}:refund:9 : refund of 0.77 CNY at sandbox is being sent since",
            f"{stuck['order_id']} , created",
            "escrow.paid at whe_gone : 10 tries, answered 500, parked",
        ):
            assert words in seen, words
        now = await overview(shop.doors.engine)
        for what in ("unknown", "parked", "unstarted"):
            assert now.counts[what] == before.counts[what] + 1, what
        held = {one.currency: one.held + one.disputed for one in now.held}
        assert held["CNY"] >= 12_900
        page = told(await desk.get(f"/operator/purchases/{stuck['id']}"))
        assert "not known to run" in page
        assert "No answer yet: asked on by itself." in page
    finally:
        async with owner_engine.begin() as connection:
            for table, column in (("bank_operation", "escrow_id"), ("unheard_notice", "escrow_id")):
                gone = text(f"delete from {table} where {column} = :id")  # noqa: S608
                await connection.execute(gone, {"id": ids["id"]})


async def test_what_was_given_up_is_told_again_from_the_desk(
    desk: httpx2.AsyncClient,
    shop: Shop,
    contested: dict[str, Any],
    owner_engine: AsyncEngine,
) -> None:
    hook = (await shop.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/h"})).json()["id"]
    event = (await shop.get(f"/v1/escrows/{contested['id']}/events")).json()["data"][1]["data"]
    said = {"id": contested["id"], "event": event["id"], "hook": hook}
    async with owner_engine.begin() as connection:
        await connection.execute(GIVEN_UP, said | {"unheard": f"unh_{uuid4().hex}"})
    page = await desk.get("/operator/attention")
    action = f"/operator/attention/redelivery/{hook}"
    form = dict(HIDDEN.findall(page.text))[action]
    assert (await desk.post(action, data={"form": "guessed"})).status_code == 403
    nowhere = "/operator/attention/redelivery/whe_nobody"
    assert (await desk.post(nowhere, data={"form": form})).status_code == 404
    again = await desk.post(action, data={"form": form})
    assert (again.status_code, again.headers["location"]) == (303, "/operator/attention?told=1")
    assert "Being told again: 1" in told(await desk.get(again.headers["location"]))
    left = (await shop.get(f"/v1/webhook_endpoints/{hook}/unheard", state="parked")).json()
    assert left["data"] == []
    async with owner_engine.connect() as connection:
        noted = text("select count(*) from audit_entry where action = :did and subject = :to")
        did = {"did": "redelivery_asked", "to": hook}
        assert await connection.scalar(noted, did) == 1


async def test_a_viewer_tells_nobody_again(
    browser: httpx2.AsyncClient, new_person: NewPerson
) -> None:
    viewer = await new_person(Role.VIEWER)
    await sign_in(browser, viewer.login, viewer.password)
    page = await browser.get("/operator/attention")
    assert page.status_code == 200
    assert "/operator/attention/redelivery" not in page.text


@pytest.mark.parametrize("path", ["purchases", "purchases?q=x", "attention", "purchases/esc_1"])
async def test_nobody_looks_who_is_not_signed_in(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(f"/operator/{path}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")


def test_the_desks_questions_stand_in_the_operators_page() -> None:
    page = (ROOT / "docs/operating/review.md").read_text()
    assert [query for query in QUERIES.values() if f"`{query}`" not in page] == []
