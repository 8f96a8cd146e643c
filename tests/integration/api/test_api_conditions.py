"""`If-Match`: a command for the version that its sender has seen, and for no other."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, literal
from sqlmodel import col

from api.idempotency import Keyed, fingerprint
from api.requests import RefundIn
from api.tables import Idempotency
from tests.conftest import Temporal
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank
from workflows import commands


def seen(shop: Shop, condition: str, key: str | None = None, token: str = "") -> dict[str, str]:
    headers = {**shop.headers(key), "If-Match": condition}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


async def test_a_purchase_that_has_moved_is_not_changed(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    path = f"/v1/escrows/{escrow['id']}"
    stale = await shop.http.post(
        f"{path}/refunds", json={"amount": 100}, headers=seen(shop, '"1"', "k")
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_moved")
    assert (await shop.get(path)).json() == escrow
    # Not looked at, so not remembered: the same key is good for the version it is at.
    fresh = await shop.http.post(
        f"{path}/refunds",
        json={"amount": 100},
        headers=seen(shop, f'"{escrow["version"]}"', "k"),
    )
    assert (fresh.status_code, fresh.json()["refunded"]) == (200, 100)
    assert fresh.headers["etag"] == f'"{fresh.json()["version"]}"'


@pytest.mark.parametrize("command", ["cancellation", "shipment", "extension", "refunds", "payment"])
async def test_every_command_can_name_the_version(shop: Shop, command: str) -> None:
    escrow = await shop.create()
    bodies = {"refunds": {"amount": 1}, "payment": {"bank": "sandbox", "method": "card"}}
    answer = await shop.http.post(
        f"/v1/escrows/{escrow['id']}/{command}",
        json=bodies.get(command, {}),
        headers=seen(shop, '"2"', token=token_of(escrow) if command == "payment" else ""),
    )
    assert (answer.status_code, answer.json()["code"]) == (412, "version_moved")


async def test_a_buyer_who_saw_an_older_page_does_not_confirm(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    path, token = f"/v1/escrows/{escrow['id']}/receipt", token_of(escrow)
    for _ in range(2):
        stale = await shop.http.post(path, headers=seen(shop, '"1"', "k", token))
        assert (stale.status_code, stale.json()["code"]) == (412, "version_moved")
    now = f'"{escrow["version"]}"'
    fresh = await shop.http.post(path, headers=seen(shop, now, "k", token))
    assert fresh.status_code == 202
    await until(shop, fresh.json(), "completed")
    again = await shop.http.post(path, headers=seen(shop, now, "k2", token))
    assert (again.status_code, again.json()["status"]) == (202, "completed")


async def test_a_repeated_command_is_answered_although_it_has_moved_the_purchase_itself(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    path, now = f"/v1/escrows/{escrow['id']}/refunds", f'"{escrow["version"]}"'
    headers = seen(shop, now, "again")
    first = await shop.http.post(path, json={"amount": 100}, headers=headers)
    second = await shop.http.post(path, json={"amount": 100}, headers=headers)
    assert second.text == first.text
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["etag"] == first.headers["etag"]


async def test_so_it_is_when_the_process_died_before_it_could_answer(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await paid(shop, teller, temporal)
    path, now = f"/v1/escrows/{escrow['id']}/refunds", f'"{escrow["version"]}"'
    said = fingerprint("POST", path, RefundIn(amount=100).model_dump_json())
    keyed = Keyed(shop.id, "died", said)
    claim = insert(Idempotency).values(
        subject=keyed.subject,
        key=keyed.key,
        request_hash=keyed.fingerprint,
        leased_until=func.now() - literal(timedelta(seconds=1)),
    )
    async with shop.doors.engine.begin() as connection:
        claimed = await connection.execute(claim.returning(col(Idempotency.created_at)))
        command_id = keyed.command_id(claimed.scalar_one())
    await shop.doors.trade.request(escrow["id"], commands.Refund(100), command_id)
    answer = await shop.http.post(path, json={"amount": 100}, headers=seen(shop, now, "died"))
    assert (answer.status_code, answer.json()["refunded"]) == (200, 100)


@pytest.mark.parametrize("condition", ["2", '"x"', "", '"1', "**"])
async def test_a_condition_is_written_properly(shop: Shop, condition: str) -> None:
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/cancellation"
    answer = await shop.http.post(path, headers=seen(shop, condition))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["parameter"] == "if-match"


async def test_a_new_purchase_says_its_version(shop: Shop) -> None:
    escrow = await shop.create()
    read = await shop.get(f"/v1/escrows/{escrow['id']}")
    assert read.headers["etag"] == f'"{escrow["version"]}"' == '"1"'
