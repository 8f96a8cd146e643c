"""Several endpoints of one merchant: each is told for itself."""

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.reading import Reading
from tests.integration.webhooks.merchant import Merchant, told_at, tries
from tests.integration.webhooks.sink import OK, Heard, Sink, answer, listening
from webhooks.courier import courier
from webhooks.endpoints import Endpoint, Wanted, add
from webhooks.messenger import HELD_BACK, MOST_LATER_TRIES, NO_ROOM, WebhookMessenger
from webhooks.port import NotDelivered, Notice, Parked
from webhooks.schedule import WAITS
from webhooks.unheard import Unheard, of_endpoint

TIMEOUT = timedelta(seconds=5)
IMPATIENT = timedelta(milliseconds=300)
NOWHERE = "http://127.0.0.1:1/"


async def another(merchant: Merchant, url: str, engine: AsyncEngine) -> Endpoint:
    async with engine.begin() as connection:
        return await add(connection, merchant.id, Wanted(url), livemode=False)


async def missed_by(endpoint: Endpoint, engine: AsyncEngine) -> list[Unheard]:
    async with engine.connect() as connection:
        return await of_endpoint(connection, endpoint.id, "", 10, parked=None)


def to_all(merchant: Merchant) -> Notice:
    return Notice(merchant.notice.escrow_id, merchant.notice.sequence)


async def test_those_who_did_not_hear_are_answered_with_when_and_why(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    deaf = await another(merchant, NOWHERE, engine)

    (missed,) = await messenger.announce(to_all(merchant), TIMEOUT)

    assert (missed.endpoint, missed.reason) == (deaf.id, "not_connected")
    assert WAITS[0] <= timedelta(seconds=missed.wait) <= WAITS[0] * 1.1
    assert len(sink.heard) == 1
    (row,) = await missed_by(deaf, engine)
    assert (row.tries, row.reason, row.parked_at) == (1, "not_connected", None)
    assert row.next_at is not None
    assert await missed_by(merchant.endpoint, engine) == []


async def test_a_slow_endpoint_does_not_make_another_wait(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    async with listening() as slow:
        slow.slow = 30
        await another(merchant, slow.url, engine)
        started = time.monotonic()
        telling = asyncio.create_task(messenger.announce(to_all(merchant), timedelta(seconds=20)))
        await sink.spoken_to.wait()
        assert time.monotonic() - started < 10
        telling.cancel()


async def test_what_is_down_costs_the_next_event_nothing_at_its_first_try(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.slow = 30
    await messenger.announce(to_all(merchant), IMPATIENT)

    (held,) = await messenger.announce(to_all(merchant), timedelta(days=1))

    assert held.reason == HELD_BACK
    assert len(sink.heard) == 1
    (row,) = await missed_by(merchant.endpoint, engine)
    assert (row.tries, row.reason, row.parked_at) == (1, "timeout", None)


async def test_who_answers_again_hears_the_next_event_at_once(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    sink.says = [answer(500), OK]
    await messenger.announce(to_all(merchant), TIMEOUT)
    await messenger.deliver(merchant.notice, TIMEOUT)

    assert await messenger.announce(to_all(merchant), TIMEOUT) == []
    assert len(sink.heard) == 3


async def test_who_missed_an_event_of_a_step_is_not_tried_with_the_next_of_it(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    (missed,) = await messenger.announce(to_all(merchant), TIMEOUT, {merchant.endpoint.id})

    assert missed == Notice(
        merchant.notice.escrow_id, 1, merchant.endpoint.id, missed.wait, HELD_BACK
    )
    assert sink.heard == []


async def test_every_try_is_counted_until_there_is_none_left(
    merchant: Merchant, sink: Sink, engine: AsyncEngine
) -> None:
    sink.says = [answer(500)]
    waits: list[timedelta | None] = []
    async with courier() as post:
        messenger = WebhookMessenger(post, engine, Reading(engine))
        for number in range(len(WAITS)):
            with pytest.raises(NotDelivered) as told:
                await messenger.deliver(merchant.notice, TIMEOUT)
            waits.append(told.value.wait)
            (row,) = await missed_by(merchant.endpoint, engine)
            assert (row.tries, row.reason) == (number + 1, "500")
        with pytest.raises(Parked, match="500"):
            await messenger.deliver(merchant.notice, TIMEOUT)

    assert all(
        wait and least <= wait <= least * 1.1 for wait, least in zip(waits, WAITS, strict=True)
    )
    (row,) = await missed_by(merchant.endpoint, engine)
    assert (row.tries, row.next_at) == (len(WAITS) + 1, None)
    assert row.parked_at is not None
    assert len(await tries(engine, merchant.notice)) == len(WAITS) + 1


async def test_a_parked_notice_that_is_tried_again_begins_its_schedule_anew(
    merchant: Merchant, sink: Sink, engine: AsyncEngine
) -> None:
    sink.says = [answer(500)]
    async with courier() as post:
        hopeless = WebhookMessenger(post, engine, Reading(engine), lambda *_: None)
        with pytest.raises(Parked):
            await hopeless.deliver(merchant.notice, TIMEOUT)
        usual = WebhookMessenger(post, engine, Reading(engine))
        with pytest.raises(NotDelivered) as told:
            await usual.deliver(merchant.notice, TIMEOUT)

    assert told.value.wait is not None
    assert told.value.wait <= WAITS[0] * 1.1
    (row,) = await missed_by(merchant.endpoint, engine)
    assert (row.tries, row.parked_at) == (1, None)


async def test_what_was_heard_at_last_is_not_missed_any_more(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    await told_at(NOWHERE, merchant, engine)
    with pytest.raises(NotDelivered):
        await messenger.deliver(merchant.notice, TIMEOUT)
    await told_at(sink.url, merchant, engine)

    await messenger.deliver(merchant.notice, TIMEOUT)

    assert await missed_by(merchant.endpoint, engine) == []


async def test_later_tries_at_one_endpoint_leave_room_for_those_at_others(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.slow = 30
    under_way = [
        asyncio.create_task(messenger.deliver(merchant.notice, TIMEOUT))
        for _ in range(MOST_LATER_TRIES)
    ]
    async with asyncio.timeout(20):
        while sink.connections < MOST_LATER_TRIES:  # noqa: ASYNC110 - a plain number
            await asyncio.sleep(0.02)

    with pytest.raises(NotDelivered, match=HELD_BACK) as told:
        await messenger.deliver(merchant.notice, TIMEOUT)
    async with listening() as other:
        elsewhere = await another(merchant, other.url, engine)
        await messenger.deliver(Notice(merchant.notice.escrow_id, 1, elsewhere.id), TIMEOUT)

    assert told.value.wait == NO_ROOM
    assert len(other.heard) == 1
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    (row,) = await missed_by(merchant.endpoint, engine)
    assert (row.tries, row.reason) == (0, HELD_BACK), "it was not tried"


async def test_a_try_that_another_one_overtook_has_nothing_more_to_say(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    """A redelivery ends the retry that it takes the place of, but not the try under way."""
    begun, overtaken = asyncio.Event(), asyncio.Event()

    async def decides(_: Heard) -> bytes:
        number = len(sink.heard)
        if number == 2:
            begun.set()
            await overtaken.wait()
        return OK if number == 3 else answer(500)

    sink.decides = decides
    with pytest.raises(NotDelivered):
        await messenger.deliver(merchant.notice, TIMEOUT)
    slow = asyncio.create_task(messenger.deliver(merchant.notice, timedelta(seconds=30)))
    await begun.wait()
    await messenger.deliver(merchant.notice, TIMEOUT)
    overtaken.set()
    with pytest.raises(NotDelivered):
        await slow

    assert await missed_by(merchant.endpoint, engine) == []
    assert [tried.status for tried in await tries(engine, merchant.notice)] == [500, 204, 500]
