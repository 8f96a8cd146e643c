"""A purchase through the doors, with a worker, the real ledger and a bank that is scripted."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, insert, literal

from api.idempotency import Answer, Keyed, Try, fingerprint, once
from api.tables import Idempotency
from banks.port import Declined, Deducted, Frozen
from tests.conftest import Temporal
from tests.integration.api.shop import Shop, order, token_of
from tests.workflows.parts import ScriptedBank
from workflows.commands import BankReport, Refund, Ship

CHOICE = {"bank": "sandbox", "method": "online_banking"}


async def until(shop: Shop, escrow: dict[str, Any], status: str) -> dict[str, Any]:
    """The purchase once it has this public status."""
    for _ in range(20):
        if escrow["status"] == status:
            return escrow
        answer = await shop.http.get(
            f"/v1/escrows/{escrow['id']}",
            params={"wait": 5},
            headers={**shop.headers(), "If-None-Match": f'"{escrow["version"]}"'},
        )
        escrow = escrow if answer.status_code == 304 else answer.json()
    raise AssertionError(f"still {escrow['status']}, not {status}")


async def paid(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, **changes: Any
) -> dict[str, Any]:
    escrow = await shop.create(**changes)
    path = f"/v1/escrows/{escrow['id']}/payment"
    page = await shop.post(path, CHOICE, token=token_of(escrow))
    assert page.status_code == 200, page.text
    reference = f"{escrow['id']}:payment:1"
    frozen = changes.get("terms", {}).get("funding") == "freeze"
    later = datetime.now(UTC) + timedelta(days=5)
    amount = escrow["amount"]
    teller.truths[reference] = Frozen(amount, later) if frozen else Deducted(amount)
    handle = temporal.client.get_workflow_handle(escrow["id"])
    await handle.signal("bank_reported", BankReport(reference))
    return await until(shop, escrow, "awaiting_shipment")


async def shipped(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    escrow = await paid(shop, teller, temporal)
    answer = await shop.post(f"/v1/escrows/{escrow['id']}/shipment", {"carrier": "SF"})
    assert answer.status_code == 200, answer.text
    sent: dict[str, Any] = answer.json()
    return sent


async def test_from_the_order_to_the_release(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    assert (escrow["payment"]["state"], escrow["held"]) == ("paid", 12900)
    path = f"/v1/escrows/{escrow['id']}"
    sent = await shop.post(f"{path}/shipment", {"carrier": "SF", "tracking": "1"})
    assert (sent.status_code, sent.json()["status"]) == (200, "awaiting_confirmation")
    content = await shop.post(f"{path}/receipt", token=token_of(escrow))
    assert content.status_code == 202
    done = await until(shop, content.json(), "completed")
    assert (done["held"], done["released"], done["deadline"]) == (0, 12900, None)


async def test_a_long_poll_answers_as_soon_as_something_happens(
    shop: Shop, teller: ScriptedBank
) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}"
    waiting = asyncio.create_task(shop.get(path, wait=20))
    await asyncio.sleep(0.3)
    await shop.post(f"{path}/cancellation")
    answer = await asyncio.wait_for(waiting, 5)
    assert answer.json()["status"] == "closed"
    assert answer.headers["etag"] == '"2"'


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

    async def act(_this: Try) -> Answer:
        await shop.doors.trade.request(escrow["id"], Refund(100), keyed.command_id)
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


async def test_a_new_command_that_is_impossible_is_refused_without_temporal(
    shop: Shop, without_temporal: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/shipment"
    refused = await without_temporal.post(path, json={}, headers=shop.headers())
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_stage")


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


async def test_the_bank_may_decline_at_once(shop: Shop, teller: ScriptedBank) -> None:
    escrow = await shop.create()
    teller.refusals[f"{escrow['id']}:payment:1"] = Declined("limit_exceeded")
    path = f"/v1/escrows/{escrow['id']}"
    refused = await shop.post(f"{path}/payment", CHOICE, key="one", token=token_of(escrow))
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_declined")
    assert "limit_exceeded" in refused.json()["detail"]
    standing = (await shop.get(path)).json()["payment"]
    assert (standing["state"], standing["declined"]) == ("declined", "limit_exceeded")
    second = await shop.post(f"{path}/payment", CHOICE, key="two", token=token_of(escrow))
    assert second.json() == {"redirect_url": f"http://bank.invalid/{escrow['id']}:payment:2"}


async def test_freeze_mode_ships_with_202_and_can_only_be_given_back_whole(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal, terms={"funding": "freeze"})
    assert (escrow["payment"]["state"], escrow["authorised"]) == ("authorised", 12900)
    path = f"/v1/escrows/{escrow['id']}"
    part = await shop.post(f"{path}/refunds", {"amount": 1})
    assert (part.status_code, part.json()["code"]) == (409, "whole_amount_only")
    teller.slow[f"{escrow['id']}:deduct:1"] = asyncio.Event()
    sent = await shop.post(f"{path}/shipment")
    assert (sent.status_code, sent.json()["payment"]["state"]) == (202, "capturing")
    teller.slow[f"{escrow['id']}:deduct:1"].set()
    held = await until(shop, sent.json(), "awaiting_confirmation")
    assert (held["held"], held["authorised"]) == (12900, 0)


async def test_each_side_extends_by_its_own_rule(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    path, token = f"/v1/escrows/{escrow['id']}/extension", token_of(escrow)
    too_long = await shop.post(path, {"extension": "P4D"}, token=token)
    assert (too_long.status_code, too_long.json()["code"]) == (409, "extension_too_long")
    longer = await shop.post(path, token=token)
    before = datetime.fromisoformat(escrow["deadline"])
    assert datetime.fromisoformat(longer.json()["deadline"]) == before + timedelta(days=3)
    twice = await shop.post(path, token=token)
    assert (twice.status_code, twice.json()["code"]) == (409, "extended_already")
    by_merchant = await shop.post(path, {"extension": "P27D"})
    assert by_merchant.status_code == 200
    over = await shop.post(path, {"extension": "PT1S"})
    assert (over.status_code, over.json()["code"]) == (409, "extension_too_long")


async def test_what_has_ended_refuses_everything_and_says_so(
    shop: Shop, teller: ScriptedBank
) -> None:
    escrow = await shop.create()
    path, token = f"/v1/escrows/{escrow['id']}", token_of(escrow)
    closed = await shop.post(f"{path}/cancellation", token=token)
    assert closed.json()["status"] == "closed"
    answers = [
        await shop.post(f"{path}/payment", CHOICE, token=token),
        await shop.post(f"{path}/shipment"),
        await shop.post(f"{path}/refunds", {"amount": 1}),
        await shop.post(f"{path}/cancellation"),
        await shop.post(f"{path}/receipt", token=token),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(409, "escrow_ended")}


async def test_confirm_and_refund_at_once_move_the_money_once(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}"
    await asyncio.gather(
        shop.post(f"{path}/receipt", token=token_of(escrow)),
        shop.post(f"{path}/refunds", {"amount": 12900}),
    )
    for _ in range(50):
        now = (await shop.get(path)).json()
        if now["status"] in ("completed", "refunded"):
            break
        await asyncio.sleep(0.1)
    assert sorted((now["released"], now["refunded"])) == [0, 12900]


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


async def test_a_silent_bank_is_a_typed_refusal_and_the_buyer_may_choose_again(
    shop: Shop, teller: ScriptedBank
) -> None:
    escrow = await shop.create()
    path, token = f"/v1/escrows/{escrow['id']}", token_of(escrow)
    first = await shop.post(f"{path}/payment", CHOICE, token=token)
    assert first.status_code == 200
    teller.silences["close", f"{escrow['id']}:payment:1"] = 1
    undecided = await shop.post(f"{path}/payment", CHOICE, token=token)
    assert (undecided.status_code, undecided.json()["code"]) == (409, "bank_undecided")
    again = await shop.post(f"{path}/payment", CHOICE, token=token)
    assert again.json()["redirect_url"].endswith(":payment:2")


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
