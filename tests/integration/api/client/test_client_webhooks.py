"""A merchant's program says where it wants to be told, and looks at how that goes."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from danbao_client import AsyncDanbao, Danbao, problems
from tests.integration.api.client.ordering import ORDER
from tests.integration.api.shop import Shop

URL = "https://shop.example/hooks"


async def test_an_endpoint_is_made_changed_rotated_and_deleted(danbao: AsyncDanbao) -> None:
    hooks = danbao.webhook_endpoints
    made = await hooks.create(URL, events=["escrow.paid"], description="Orders")
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert (await hooks.get(made.id)).events == ("escrow.paid",)
    changed = await hooks.replace(made.id, URL + "/2", enabled=False)
    assert (changed.enabled, changed.disabled_by, changed.events) == (False, "merchant", None)
    rotated = await hooks.rotate(made.id, overlap=timedelta(hours=1))
    assert rotated.secret != made.secret
    assert rotated.old_secret_expires_at is not None
    await hooks.revoke_old_secret(made.id)
    assert (await hooks.get(made.id)).old_secret_expires_at is None
    assert [each.id for each in await hooks.list()] == [made.id]
    await hooks.delete(made.id)
    assert await hooks.list() == ()
    with pytest.raises(problems.NotFound):
        await hooks.get(made.id)


async def test_an_address_that_is_none_names_its_field(danbao: AsyncDanbao) -> None:
    with pytest.raises(problems.InvalidRequest) as refused:
        await danbao.webhook_endpoints.create("ftp://shop.example/")
    assert [flaw.pointer for flaw in refused.value.errors] == ["#/url"]


async def test_what_nobody_asked_for_is_not_told_again(danbao: AsyncDanbao) -> None:
    escrow = await danbao.escrows.create(**ORDER)
    [created] = await danbao.escrows.events(escrow.id)
    assert (await danbao.events.deliveries(created.id)).data == ()
    with pytest.raises(problems.NobodyAsked):
        await danbao.events.redeliver(created.id)


async def test_an_event_is_told_again_to_whom_it_is_named(danbao: AsyncDanbao) -> None:
    made = await danbao.webhook_endpoints.create(URL)
    escrow = await danbao.escrows.create(**ORDER)
    [created] = await danbao.escrows.events(escrow.id)
    told = await danbao.events.redeliver(created.id, endpoint_id=made.id)
    assert told.endpoints == (made.id,)
    assert [each async for each in danbao.webhook_endpoints.unheard(made.id, state="parked")] == []
    parked = await danbao.webhook_endpoints.redeliver_parked(made.id)
    assert (parked.events, parked.has_more) == ((), False)


async def test_the_client_that_waits_can_do_the_same(
    served: str, shop: Shop, danbao: AsyncDanbao
) -> None:
    def work() -> None:
        with httpx2.Client(trust_env=False) as http:
            waiting = Danbao(served, shop.key, http=http)
            hooks = waiting.webhook_endpoints
            made = hooks.create(URL)
            assert hooks.list() == (hooks.get(made.id),)
            assert hooks.replace(made.id, URL, description="D").description == "D"
            assert hooks.rotate(made.id, overlap="PT1H").secret != made.secret
            hooks.revoke_old_secret(made.id)
            [created] = waiting.escrows.events(waiting.escrows.create(**ORDER).id)
            assert waiting.events.redeliver(created.id).endpoints == (made.id,)
            assert waiting.events.deliveries(created.id).has_more is False
            assert list(hooks.unheard(made.id, state="parked")) == []
            assert hooks.redeliver_parked(made.id).events == ()
            hooks.delete(made.id)

    await asyncio.to_thread(work)
