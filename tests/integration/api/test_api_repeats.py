"""Commands repeated, interrupted, taken over, or given while Temporal is away: each done once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, insert, literal, text

from api import purchases
from api.app import create_app
from api.idempotency import Answer, Keyed, Try, fingerprint, once
from api.tables import Idempotency
from domain.events import Shipped
from ledger.book import Book
from ledger.port import Transition
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop, order, token_of
from tests.workflows.parts import ScriptedBank
from workflows.commands import Refund, Ship


async def test_a_command_repeated_with_its_key_is_done_once(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}/refunds"
    answers = await asyncio.gather(
        *(shop.post(path, {"amount": 100}, key="back") for _ in range(8))
    )
    done = [answer for answer in answers if answer.status_code == 200]
    busy = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(busy) == 8
    assert {answer.json()["code"] for answer in busy} <= {"idempotency_key_in_flight"}
    again = await shop.post(path, {"amount": 100}, key="back")
    assert again.headers["idempotent-replayed"] == "true"
    assert {answer.content for answer in done} == {again.content}
    now = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    assert (now["held"], now["refunded"]) == (12800, 100)


class Died(BaseException):
    """What kill -9 looks like from inside."""


def refund_of_100(shop: Shop, escrow: dict[str, Any], key: str) -> Keyed:
    """The refund of 100 as the door numbers it."""
    path = f"/v1/escrows/{escrow['id']}/refunds"
    return Keyed(shop.id, key, fingerprint("POST", path, '{"amount":100}'))


async def test_a_claim_whose_process_died_is_taken_over_and_temporal_knows_the_command(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    keyed = refund_of_100(shop, escrow, "died")

    async def act(this: Try) -> Answer:
        await shop.doors.trade.request(escrow["id"], Refund(100), this.command_id)
        raise Died

    with pytest.raises(Died):
        await once(shop.doors.engine, keyed, act)
    path = f"/v1/escrows/{escrow['id']}"
    answer = await shop.post(f"{path}/refunds", {"amount": 100}, key="died")
    assert (answer.status_code, answer.json()["refunded"]) == (200, 100)
    assert (await shop.get(path)).json()["refunded"] == 100


async def test_a_command_whose_own_effect_stands_in_its_way_is_answered_not_refused(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """Shipped, then dead: what is tried again finds the goods on their way already."""
    escrow = await paid(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}/shipment"
    body = '{"carrier":"SF","tracking":""}'
    keyed = Keyed(shop.id, "died", fingerprint("POST", path, body))

    async def act(this: Try) -> Answer:
        await shop.doors.trade.request(escrow["id"], Ship("SF"), this.command_id)
        raise Died

    with pytest.raises(Died):
        await once(shop.doors.engine, keyed, act)
    answer = await shop.post(path, {"carrier": "SF"}, key="died")
    assert (answer.status_code, answer.json()["status"]) == (200, "awaiting_confirmation")
    anew = await shop.post(path, {"carrier": "SF"}, key="another")
    assert (anew.status_code, anew.json()["code"]) == (409, "wrong_stage")


async def test_saying_again_that_the_goods_have_arrived_is_no_error(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}/receipt"
    first = await shop.post(path, token=token_of(escrow))
    await until(shop, first.json(), "completed")
    again = await shop.post(path, token=token_of(escrow))
    assert (again.status_code, again.json()["status"]) == (202, "completed")
    merchant = await shop.post(path)
    assert (merchant.status_code, merchant.json()["code"]) == (403, "not_your_command")


async def test_a_claim_that_nobody_let_go_of_ends_with_its_lease(shop: Shop) -> None:
    escrow = await shop.create()
    keyed = refund_of_100(shop, escrow, "killed")
    async with shop.doors.engine.begin() as connection:
        await connection.execute(
            insert(Idempotency).values(
                subject=keyed.subject,
                key=keyed.key,
                request_hash=keyed.fingerprint,
                leased_until=func.now() - literal(timedelta(seconds=1)),
            )
        )
    path = f"/v1/escrows/{escrow['id']}/refunds"
    other = await shop.post(path, {"amount": 99}, key="killed")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    same = await shop.post(path, {"amount": 100}, key="killed")
    assert (same.status_code, same.json()["code"]) == (409, "wrong_stage")


async def test_a_command_while_the_first_is_under_way_is_told_to_come_back(shop: Shop) -> None:
    escrow = await shop.create()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def act(_this: Try) -> Answer:
        begun.set()
        await go_on.wait()
        return Answer(200, "{}")

    keyed = refund_of_100(shop, escrow, "slow")
    first = asyncio.create_task(once(shop.doors.engine, keyed, act))
    await begun.wait()
    path = f"/v1/escrows/{escrow['id']}/refunds"
    second = await shop.post(path, {"amount": 100}, key="slow")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_flight")
    assert second.headers["retry-after"] == "1"
    go_on.set()
    assert await first == Answer(200, "{}")


async def test_a_purchase_that_nobody_started_is_started_by_its_first_command(
    shop: Shop, without_temporal: httpx2.AsyncClient, teller: ScriptedBank
) -> None:
    created = await without_temporal.post(
        "/v1/escrows",
        json=order(),
        headers=shop.headers(),
    )
    escrow = created.json()
    closed = await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")


async def test_a_new_command_that_is_impossible_is_refused_without_temporal(
    shop: Shop, without_temporal: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/shipment"
    refused = await without_temporal.post(path, json={}, headers=shop.headers())
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_stage")


async def test_without_temporal_a_command_is_503_and_its_key_stays_good(
    shop: Shop, without_temporal: httpx2.AsyncClient, teller: ScriptedBank
) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    away = await without_temporal.post(f"{path}/cancellation", headers=shop.headers("later"))
    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) > 0
    read = await without_temporal.get(path, headers=shop.headers())
    assert read.json() == escrow
    done = await shop.post(f"{path}/cancellation", key="later")
    assert (done.status_code, done.json()["status"]) == (200, "closed")


AGED = text("update idempotency set created_at = now() - cast(:age as interval) where key = :key")
KNOWN = text("select count(*) from idempotency where subject = :subject and key = :key")


async def age(shop: Shop, key: str, days: int) -> None:
    async with shop.doors.engine.begin() as connection:
        await connection.execute(AGED, {"age": timedelta(days=days, minutes=1), "key": key})


async def remembered(shop: Shop, key: str) -> bool:
    async with shop.doors.engine.connect() as connection:
        known = await connection.execute(KNOWN, {"subject": shop.id, "key": key})
        return bool(known.scalar_one())


async def test_an_answer_is_kept_for_30_days_and_then_forgotten_by_every_process(
    shop: Shop, settings: Settings, temporal: Temporal
) -> None:
    """Deleted, not just ignored: what was answered is a buyer's data too."""
    first = await shop.post("/v1/escrows", order(), key="young-enough")
    await shop.post("/v1/escrows", order(), key="too-old")
    await age(shop, "young-enough", 29)
    await age(shop, "too-old", 30)
    starting = create_app(settings, shop.doors.engine, temporal.client)
    # What a process does when it starts, and every hour from then on.
    async with asyncio.timeout(20), starting.router.lifespan_context(starting):
        while await remembered(shop, "too-old"):  # noqa: ASYNC110 (PostgreSQL has no event)
            await asyncio.sleep(0.02)
    assert await remembered(shop, "young-enough")
    again = await shop.post("/v1/escrows", order(), key="young-enough")
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_key_that_is_too_old_is_new_again_even_before_it_is_deleted(shop: Shop) -> None:
    first = await shop.post("/v1/escrows", order(), key="old-but-there")
    await age(shop, "old-but-there", 30)
    anew = await shop.post("/v1/escrows", order(amount=700), key="old-but-there")
    assert anew.status_code == 201
    assert anew.json()["id"] != first.json()["id"]


async def test_a_forgotten_key_is_a_new_command_to_a_purchase_that_remembers_the_old_one(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}/refunds"
    await shop.post(path, {"amount": 100}, key="monthly")
    await age(shop, "monthly", 30)
    second = await shop.post(path, {"amount": 100}, key="monthly")
    assert (second.status_code, second.json()["refunded"]) == (200, 200)


async def test_a_command_that_only_the_ledger_knows_is_answered_and_its_purchase_goes_on(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """The worker died after its commit, and Temporal has forgotten the update."""
    escrow = await paid(shop, teller, temporal, terms={"funding": "freeze"})
    path = f"/v1/escrows/{escrow['id']}/shipment"
    keyed = Keyed(shop.id, "died", fingerprint("POST", path, '{"carrier":"SF","tracking":""}'))

    async def act(this: Try) -> Answer:
        now = await purchases.get(shop.doors.engine, escrow["id"])
        moved = now.escrow.after(Shipped(carrier="SF"), datetime.now(UTC))
        await Book(shop.doors.engine).record(Transition.of(moved, this.command_id))
        raise Died

    with pytest.raises(Died):
        await once(shop.doors.engine, keyed, act)
    answer = await shop.post(path, {"carrier": "SF"}, key="died")
    assert (answer.status_code, answer.json()["payment"]["state"]) == (202, "capturing")
    await until(shop, answer.json(), "awaiting_confirmation")
    assert teller.times("deduct", f"{escrow['id']}:deduct:1") == 1
