"""Starting a purchase: once per key, whatever happens in between."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from api.doors import Doors
from api.tables import Idempotency
from ledger.tables import Escrow, Event, Transition
from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop, order


async def count(engine: AsyncEngine, merchant_id: str) -> int:
    query = select(func.count()).where(col(Escrow.merchant_id) == merchant_id)
    async with engine.connect() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_a_purchase_begins_with_its_row_its_first_event_and_its_workflow(
    shop: Shop, temporal: Temporal
) -> None:
    created = await shop.create()
    async with shop.doors.engine.connect() as connection:
        steps = await connection.execute(
            select(col(Transition.name), col(Transition.sequence)).where(
                col(Transition.escrow_id) == created["id"]
            )
        )
        told = await connection.execute(
            select(col(Event.type), col(Event.sequence)).where(
                col(Event.escrow_id) == created["id"]
            )
        )
    assert steps.all() == [("created", 1)]
    assert told.all() == [("escrow.created", 1)]
    workflow = await temporal.client.get_workflow_handle(created["id"]).describe()
    assert workflow.status is WorkflowExecutionStatus.RUNNING
    assert workflow.workflow_type == "Escrow"


async def test_the_answer_says_everything_about_the_purchase(shop: Shop) -> None:
    items = [{"name": "Boots", "quantity": 2, "amount": 12000}, {"name": "Post", "amount": 900}]
    created = await shop.create(
        items=items, terms={"funding": "freeze", "goods": "digital", "windows": {"payment": "PT2H"}}
    )
    assert created["status"] == "awaiting_payment"
    assert created["payment"] == {
        "state": "unpaid", "bank": "", "method": "", "attempt": 0, "declined": ""
    }  # fmt: skip
    assert created["items"] == [items[0], {**items[1], "quantity": 1}]
    assert created["terms"] == {
        "funding": "freeze",
        "hold_expiry": "lapse",
        "windows": {
            "payment": "PT2H",
            "shipping": "P7D",
            "inspection": "P3D",
            "answer": "P5D",
            "arbitration": "P30D",
        },
    }
    assert (created["amount"], created["held"], created["version"]) == (12900, 0, 1)
    assert created["livemode"] is False
    read = await shop.get(f"/v1/escrows/{created['id']}")
    assert read.json() == created
    assert read.headers["etag"] == '"1"'


async def test_the_same_key_gets_the_same_answer_byte_for_byte(shop: Shop) -> None:
    first = await shop.post("/v1/escrows", order(), key="again")
    again = await shop.post("/v1/escrows", order(), key='"again"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await count(shop.doors.engine, shop.id) == 1


async def test_twenty_at_once_with_one_key_start_one_purchase(shop: Shop) -> None:
    answers = await asyncio.gather(
        *(shop.post("/v1/escrows", order(), key="twenty") for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer for answer in answers if "idempotent-replayed" in answer.headers]
    assert len(replayed) == 19
    assert await count(shop.doors.engine, shop.id) == 1


async def test_the_same_key_with_another_order_is_refused(shop: Shop) -> None:
    await shop.post("/v1/escrows", order(), key="mine")
    other = await shop.post("/v1/escrows", order(amount=1), key="mine")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(shop.doors.engine, shop.id) == 1


async def test_two_merchants_may_use_the_same_key(new_shop: NewShop) -> None:
    one, other = await new_shop("One"), await new_shop("Other")
    answers = [await shop.post("/v1/escrows", order(), key="k") for shop in (one, other)]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_an_invalid_order_does_not_use_up_its_key(shop: Shop) -> None:
    refused = await shop.post("/v1/escrows", order(currency="XXX"), key="k")
    taken = await shop.post("/v1/escrows", order(), key="k")
    assert (refused.status_code, taken.status_code) == (422, 201)


async def test_a_key_is_forgotten_after_thirty_days(shop: Shop, doors: Doors) -> None:
    first = await shop.post("/v1/escrows", order(), key="old")
    async with doors.engine.begin() as connection:
        await connection.execute(
            update(Idempotency)
            .where(col(Idempotency.subject) == shop.id)
            .values(created_at=func.now() - literal(timedelta(days=31)))
        )
    second = await shop.post("/v1/escrows", order(), key="old")
    assert second.json()["id"] != first.json()["id"]


async def test_a_twin_that_hangs_in_its_transaction_is_waited_for_only_so_long(
    shop: Shop, doors: Doors
) -> None:
    async with doors.engine.connect() as hanging, hanging.begin() as begun:
        await hanging.execute(
            insert(Idempotency).values(
                subject=shop.id,
                key="hangs",
                request_hash=b"",
                leased_until=func.now(),
            )
        )
        answer = await shop.post("/v1/escrows", order(), key="hangs")
        await begun.rollback()
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert answer.headers["retry-after"] == "1"
    assert (await shop.post("/v1/escrows", order(), key="hangs")).status_code == 201


async def test_without_temporal_a_purchase_is_created_and_the_same_key_starts_it_later(
    shop: Shop, without_temporal: httpx2.AsyncClient, temporal: Temporal
) -> None:
    """The same as a crash between the commit and the start."""
    stranded = await without_temporal.post("/v1/escrows", json=order(), headers=shop.headers("k"))
    assert stranded.status_code == 201
    escrow_id = stranded.json()["id"]
    handle = temporal.client.get_workflow_handle(escrow_id)
    with pytest.raises(RPCError):
        await handle.describe()
    repeated = await shop.post("/v1/escrows", order(), key="k")
    assert repeated.content == stranded.content
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with shop.doors.engine.connect() as connection:
        started = await connection.execute(
            select(col(Escrow.started_at)).where(col(Escrow.id) == escrow_id)
        )
    assert started.scalar_one() is not None


async def test_the_fee_of_a_merchant_is_pinned_into_the_terms(shop: Shop) -> None:
    created = await shop.create()
    async with shop.doors.engine.connect() as connection:
        row = await connection.execute(
            select(col(Escrow.terms)).where(col(Escrow.id) == created["id"])
        )
    terms: dict[str, Any] = row.scalar_one()
    assert terms["fee"] == {"fixed": 30, "bps": 250}
