"""A merchant's program at the real API: everything that the client can ask."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from danbao_client import AsyncDanbao, Danbao, EscrowEvent, Status, StillWaiting, problems
from tests.conftest import Temporal
from tests.integration.api.client.ordering import ORDER
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank


async def test_a_purchase_is_created_as_it_was_ordered(danbao: AsyncDanbao) -> None:
    escrow = await danbao.escrows.create(
        **ORDER,
        items=[{"name": "Boots", "amount": 11_900}, {"name": "Delivery", "amount": 1_000}],
        terms={
            "funding": "freeze",
            "windows": {"inspection": timedelta(days=7), "payment": "PT1H"},
        },
    )
    assert escrow.status is Status.AWAITING_PAYMENT
    assert escrow.items[0].quantity == 1
    assert escrow.terms.windows.inspection == timedelta(days=7)
    assert escrow.terms.windows.payment == timedelta(hours=1)
    assert escrow == await danbao.escrows.get(escrow.id)


async def test_a_paid_purchase_is_shipped_extended_and_refunded(
    danbao: AsyncDanbao, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow_id = (await paid(shop, teller, temporal))["id"]
    sent = await danbao.escrows.ship(escrow_id, carrier="SF Express", tracking="SF1")
    assert sent.status is Status.AWAITING_CONFIRMATION
    longer = await danbao.escrows.extend(escrow_id, timedelta(days=2))
    assert longer.deadline
    assert sent.deadline
    assert longer.deadline - sent.deadline == timedelta(days=2)
    part = await danbao.escrows.refund(escrow_id, 900)
    assert (part.refunded, part.held) == (900, 12_000)
    with pytest.raises(problems.AmountExceedsHeld) as refused:
        await danbao.escrows.refund(escrow_id, 12_001)
    assert refused.value.request_id.startswith("req_")


async def test_a_frozen_purchase_is_shipped_while_the_bank_deducts(
    danbao: AsyncDanbao, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """202: heard, and the purchase as it is meanwhile."""
    escrow_id = (await paid(shop, teller, temporal, terms={"funding": "freeze"}))["id"]
    assert (await danbao.escrows.ship(escrow_id)).payment.state in ("capturing", "paid")


async def test_an_unpaid_purchase_is_cancelled_and_nothing_more(danbao: AsyncDanbao) -> None:
    escrow = await danbao.escrows.create(**ORDER)
    closed = await danbao.escrows.cancel(escrow.id)
    assert closed.status is Status.CLOSED
    assert closed.ended
    with pytest.raises(problems.Refused):
        await danbao.escrows.ship(escrow.id)


async def test_a_command_may_name_the_version_that_it_was_decided_on(
    danbao: AsyncDanbao, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await danbao.escrows.get((await shipped(shop, teller, temporal))["id"])
    await danbao.escrows.refund(escrow.id, 900, at_version=escrow.version)
    with pytest.raises(problems.VersionMoved):
        await danbao.escrows.refund(escrow.id, 900, at_version=escrow.version)
    assert (await danbao.escrows.get(escrow.id)).refunded == 900


async def test_waiting_ends_when_the_purchase_gets_there(danbao: AsyncDanbao) -> None:
    escrow = await danbao.escrows.create(**ORDER)
    waiting = asyncio.create_task(danbao.escrows.until(escrow.id, Status.CLOSED))
    await danbao.escrows.cancel(escrow.id)
    assert (await waiting).status is Status.CLOSED


async def test_waiting_ends_when_the_time_is_over(danbao: AsyncDanbao) -> None:
    escrow = await danbao.escrows.create(**ORDER)
    assert await danbao.escrows.changed(escrow, wait=1) is None
    with pytest.raises(StillWaiting, match="is awaiting_payment, not completed or closed"):
        await danbao.escrows.until(
            escrow.id, Status.COMPLETED, "closed", within=timedelta(seconds=1)
        )


async def test_a_list_goes_on_over_all_pages(danbao: AsyncDanbao) -> None:
    created = [(await danbao.escrows.create(**ORDER)).id for _ in range(5)]
    assert [each.id async for each in danbao.escrows.list(limit=2)] == created[::-1]
    assert [each async for each in danbao.escrows.list(status=Status.COMPLETED)] == []
    page = await danbao.escrows.page(order_id=ORDER["order_id"], limit=3)
    assert (len(page.data), page.has_more) == (3, True)


async def test_the_log_tells_everything_again(
    danbao: AsyncDanbao, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow_id = (await shipped(shop, teller, temporal))["id"]
    other = await danbao.escrows.create(**ORDER)
    log = [event async for event in danbao.events.list()]
    assert all(isinstance(event, EscrowEvent) for event in log)
    assert [event.type for event in log[:3]] == ["escrow.created", "escrow.paid", "escrow.shipped"]
    assert [event.id async for event in danbao.events.list(after=log[2].id)] == [log[3].id]
    assert [e.id async for e in danbao.events.list(types=["escrow.paid"])] == [log[1].id]
    assert await danbao.events.get(log[1].id) == log[1]
    assert list(await danbao.escrows.events(escrow_id)) == log[:3]
    assert list(await danbao.escrows.events(escrow_id, after=2)) == [log[2]]
    page = await danbao.events.page(limit=3)
    assert (page.data, page.has_more, page.next_cursor) == (tuple(log[:3]), True, log[2].id)
    assert isinstance(log[3], EscrowEvent)
    assert log[3].escrow.id == other.id


async def test_a_purchase_of_somebody_else_is_not_found(
    danbao: AsyncDanbao, new_shop: NewShop
) -> None:
    theirs = await (await new_shop("Somebody else")).create()
    with pytest.raises(problems.NotFound):
        await danbao.escrows.get(theirs["id"])


async def test_a_wrong_key_is_told(served: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        stranger = AsyncDanbao(served, "ek_test_nobody", http=http)
        with pytest.raises(problems.InvalidApiKey):
            await stranger.escrows.get("esc_1")


async def test_the_client_that_waits_can_do_the_same(
    served: str, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow_id = (await shipped(shop, teller, temporal))["id"]

    def work() -> None:
        with httpx2.Client(trust_env=False) as http:
            danbao = Danbao(served, shop.key, http=http)
            created = danbao.escrows.create(**ORDER)
            assert danbao.escrows.get(created.id) == created
            assert danbao.escrows.changed(created, wait=0) is None
            told = [event.type for event in danbao.events.list()]
            assert told == ["escrow.created", "escrow.paid", "escrow.shipped", "escrow.created"]
            [first] = danbao.escrows.events(created.id)
            assert danbao.events.get(first.id) == first
            assert danbao.escrows.cancel(created.id).ended
            assert danbao.escrows.until(created.id, "closed").ended
            danbao.escrows.extend(escrow_id, timedelta(days=1))
            assert danbao.escrows.refund(escrow_id, 12_900).status is Status.REFUNDED
            assert [each.id for each in danbao.escrows.list(limit=1)] == [created.id, escrow_id]
            with pytest.raises(problems.EscrowEnded):
                danbao.escrows.ship(created.id)
            with pytest.raises(StillWaiting):
                danbao.escrows.until(created.id, "refunded", within=timedelta())

    await asyncio.to_thread(work)
