"""What one merchant's server says, however odd, is that server's alone."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.webhooks.merchant import Merchant, tries
from tests.integration.webhooks.sink import Sink, answer, listening
from tests.integration.webhooks.test_webhooks_several import another, to_all
from webhooks import endpoints, unheard
from webhooks import messenger as messengers
from webhooks.courier import Courier
from webhooks.messenger import WebhookMessenger
from webhooks.port import NotDelivered

TIMEOUT = timedelta(seconds=5)
NEVER = "retry-after: Mon, 01 Jan 99999999999999 00:00:00 GMT"


@pytest.mark.parametrize("status", [200, 503])
async def test_a_date_that_no_clock_shows_takes_nothing_from_the_answer(
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
    status: int,
) -> None:
    sink.says = [answer(status, NEVER)]
    if status == 200:
        await messenger.deliver(merchant.notice, TIMEOUT)
    else:
        with pytest.raises(NotDelivered):
            await messenger.deliver(merchant.notice, TIMEOUT)
    assert [one.status for one in await tries(engine, merchant.notice)] == [status]


async def test_what_breaks_off_at_one_endpoint_is_not_repeated_at_another(
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bug of ours, as nobody foresaw it: only its own notice is told again."""
    posted = Courier.post

    async def post(self: Courier, url: str, *said: object) -> object:
        if url == odd.url:
            raise ZeroDivisionError
        return await posted(self, url, *said)  # type: ignore[arg-type]

    async with listening() as odd:
        there = await another(merchant, odd.url, engine)
        monkeypatch.setattr(Courier, "post", post)
        missed = await messenger.announce(to_all(merchant), TIMEOUT)
    assert [(one.endpoint, one.reason) for one in missed] == [(there.id, "broke_off")]
    assert len(sink.heard) == 1


async def test_who_hears_at_a_second_first_try_is_missed_no_more(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    """The worker died after the first was written down, and the purchase tells it again."""
    sink.says = [answer(500), answer(200)]
    assert len(await messenger.announce(to_all(merchant), TIMEOUT)) == 1
    messenger._resting.clear()
    assert await messenger.announce(to_all(merchant), TIMEOUT) == []
    async with engine.connect() as connection:
        assert await unheard.of_purchase(connection, merchant.notice.escrow_id) == []


async def test_one_merchants_endpoints_share_its_room(
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what found no room was no try."""
    for bound in ("MOST_LATER_TRIES", "MOST_OF_A_MERCHANT", "MOST_LATER_IN_ALL"):
        with monkeypatch.context() as full:
            full.setattr(messengers, bound, 0)
            with pytest.raises(NotDelivered, match="held_back"):
                await messenger.deliver(merchant.notice, TIMEOUT)
    assert sink.heard == []
    await messenger.deliver(merchant.notice, TIMEOUT)
    assert len(sink.heard) == 1


async def test_an_endpoint_that_was_deleted_has_missed_nothing(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says = [answer(500)]
    assert len(await messenger.announce(to_all(merchant), TIMEOUT)) == 1
    async with engine.begin() as connection:
        assert len(await unheard.of_purchase(connection, merchant.notice.escrow_id)) == 1
        assert await endpoints.remove(connection, merchant.endpoint.id, merchant.id)
        assert await unheard.of_purchase(connection, merchant.notice.escrow_id) == []


async def test_ten_endpoints_are_ten_however_many_ask_at_once(engine: AsyncEngine) -> None:
    mine = f"mer_{uuid4().hex}"

    async def one_more(number: int) -> None:
        wanted = endpoints.Wanted(f"https://shop.example/{number}")
        async with engine.begin() as connection:
            await endpoints.add(connection, mine, wanted, livemode=False)
            # Whoever did not wait for the other would have counted by now.
            await asyncio.sleep(0.05)

    asked = (one_more(number) for number in range(endpoints.MOST_ENDPOINTS + 3))
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, endpoints.TooManyEndpoints) for one in done) == 3, done
