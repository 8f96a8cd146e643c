"""Keys and locks under contention: whose key it is, which answer stays, who has to wait."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import purchases
from api.errors import TooManyKeys
from api.idempotency import Answer, Keyed, Try, once
from api.merchants import LIVE_KEYS, add_key, keys_of
from api.outlook import whole
from domain.events import Shipped
from ledger.book import Book
from ledger.port import Transition
from tests.conftest import Temporal
from tests.integration.api.course import CHOICE, paid
from tests.integration.api.shop import Shop, order, token_of
from tests.integration.api.test_api_bad_input import is_problem
from tests.workflows.parts import ScriptedBank

ABANDON = text("update idempotency set leased_until = now() - interval '1 s' where key = :key")
STORED = text("select body from idempotency where subject = :subject")
HOOK = {"url": "https://shop.example/hooks"}


async def test_the_first_answer_stays_when_a_slow_claim_was_taken_over(shop: Shop) -> None:
    engine, key = shop.doors.engine, uuid4().hex
    keyed = Keyed(shop.id, key, b"the same")

    async def quick(_: Try) -> Answer:
        return Answer(200, '"quick"')

    async def slow(_: Try) -> Answer:
        async with engine.begin() as connection:
            await connection.execute(ABANDON, {"key": key})
        assert await once(engine, keyed, quick) == Answer(200, '"quick"')
        return Answer(200, '"slow"')

    assert await once(engine, keyed, slow) == Answer(200, '"quick"', replayed=True)


async def test_two_buyers_may_use_the_same_key(shop: Shop, teller: ScriptedBank) -> None:
    for escrow in (await shop.create(), await shop.create()):
        path = f"/v1/escrows/{escrow['id']}/payment"
        page = await shop.post(path, CHOICE, token=token_of(escrow), key="pay")
        assert page.status_code == 200, page.text


async def test_a_command_that_was_never_carried_out_still_needs_its_version(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, without_temporal: httpx2.AsyncClient
) -> None:
    """Tried while Temporal was away; meanwhile the purchase moved."""
    escrow = await paid(shop, teller, temporal)
    path, key = f"/v1/escrows/{escrow['id']}/refunds", uuid4().hex
    headers = {**shop.headers(key), "If-Match": f'"{escrow["version"]}"'}
    away = await without_temporal.post(path, json={"amount": 100}, headers=headers)
    assert away.status_code == 503
    assert (await shop.post(path, {"amount": 7})).status_code == 200

    again = await shop.http.post(path, json={"amount": 100}, headers=headers)
    is_problem(again, 412, "version_moved")
    now = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    assert now["refunded"] == 7


async def test_a_refusal_from_behind_the_row_is_no_answer_to_keep(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """A worker died after its commit: the row is shipped, and the workflow does not know."""
    escrow = await paid(shop, teller, temporal)
    engine = shop.doors.engine
    before = await whole(shop.doors, await purchases.get(engine, escrow["id"]))
    await Book(engine).record(Transition.of(before.after(Shipped(), datetime.now(UTC))))

    path, key = f"/v1/escrows/{escrow['id']}/extension", uuid4().hex
    behind = await shop.post(path, {"extension": "P1D"}, key=key)
    if behind.status_code != 200:
        is_problem(behind, 503, "unavailable")
    for _ in range(20):
        again = await shop.post(path, {"extension": "P1D"}, key=key)
        if again.status_code == 200:
            break
        await asyncio.sleep(0.5)
    assert (again.status_code, again.json()["status"]) == (200, "awaiting_confirmation")


async def test_two_rotations_at_once_leave_two_keys(shop: Shop) -> None:
    async def rotate() -> str:
        async with shop.doors.engine.begin() as connection:
            made = await add_key(connection, shop.id, "test")
            # Whoever did not wait for the other would have counted by now.
            await asyncio.sleep(0.2)
            return made

    done = await asyncio.gather(rotate(), rotate(), rotate(), return_exceptions=True)
    assert sum(isinstance(one, TooManyKeys) for one in done) == 2, done
    async with shop.doors.engine.connect() as connection:
        live = [key for key in await keys_of(connection, shop.id) if key.revoked_at is None]
    assert len(live) == LIVE_KEYS


async def test_one_request_has_one_key(shop: Shop) -> None:
    twice = [*shop.headers("one").items(), ("Idempotency-Key", "another")]
    is_problem(
        await shop.http.post("/v1/escrows", json=order(), headers=twice),
        400,
        "idempotency_key_invalid",
    )


async def test_a_lock_that_somebody_holds_long_is_busy_and_no_bug(
    shop: Shop, owner_engine: AsyncEngine
) -> None:
    made = (await shop.post("/v1/webhook_endpoints", HOOK)).json()
    path = f"/v1/webhook_endpoints/{made['id']}/rotation"
    async with owner_engine.begin() as connection:
        held = text("select 1 from webhook_endpoint where id = :id for update")
        await connection.execute(held, {"id": made["id"]})
        waiting = asyncio.create_task(shop.post(path))
        # Longer than a twin of the same key is waited for.
        done, _ = await asyncio.wait([waiting], timeout=3)
        assert not done, waiting.result().text
    assert (await waiting).status_code == 200


@pytest.mark.parametrize("way", ["deleted", "revoked"])
async def test_a_secret_that_was_forgotten_stands_in_no_answer(shop: Shop, way: str) -> None:
    made = (await shop.post("/v1/webhook_endpoints", HOOK, key="made")).json()
    path = f"/v1/webhook_endpoints/{made['id']}"
    if way == "deleted":
        gone, kept = made["secret"], ""
    else:
        gone, kept = made["secret"], (await shop.post(f"{path}/rotation")).json()["secret"]
        path += "/old_secret"
    assert (await shop.http.delete(path, headers=shop.headers())).status_code == 204

    async with shop.doors.engine.connect() as connection:
        answers = (await connection.execute(STORED, {"subject": shop.id})).scalars().all()
    assert gone not in "".join(answers)
    assert kept in "".join(answers)
    again = await shop.post("/v1/webhook_endpoints", HOOK, key="made")
    assert (again.status_code, again.json()["secret"]) == (201, "")
