"""A purchase through the doors, with a worker, the real ledger and a bank that is scripted."""

import asyncio
from datetime import datetime, timedelta

from banks.port import Declined
from tests.conftest import Temporal
from tests.integration.api.course import CHOICE, paid, shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank


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
    answer = await asyncio.wait_for(waiting, 15)
    assert answer.json()["status"] == "closed"
    assert answer.headers["etag"] == '"2"'


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
