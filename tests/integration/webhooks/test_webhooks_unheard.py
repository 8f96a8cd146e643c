"""A merchant who does not hear: what counts as not heard, and what it costs us."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.webhooks.merchant import Merchant, told_at, tries
from tests.integration.webhooks.sink import OK, Sink, answer
from webhooks.messenger import WebhookMessenger
from webhooks.port import EndpointGone, NotDelivered
from webhooks.schedule import WAITS

TIMEOUT = timedelta(seconds=5)
IMPATIENT = timedelta(milliseconds=200)
DAY = timedelta(days=1)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 401, 404, 429, 500, 503])
async def test_only_2xx_is_heard(
    status: int, merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says = [answer(status, f"location: {sink.url}"), OK]

    with pytest.raises(NotDelivered, match=str(status)):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert len(sink.heard) == 1, "a redirection is not followed"
    assert [tried.status for tried in await tries(engine, merchant.notice)] == [status]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_heard(
    status: int, merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says = [answer(status)]

    await messenger.deliver(merchant.notice, TIMEOUT)

    assert [tried.status for tried in await tries(engine, merchant.notice)] == [status]


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        ("120", timedelta(minutes=2), timedelta(minutes=2)),
        (format_datetime(datetime(2126, 1, 1, tzinfo=UTC), usegmt=True), DAY, DAY),
        ("2", WAITS[0], WAITS[0] * 1.1),
        ("when I am back", WAITS[0], WAITS[0] * 1.1),
    ],
)
async def test_a_wish_to_be_told_later_makes_the_wait_longer_never_shorter(
    wish: str,
    least: timedelta,
    most: timedelta,
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
) -> None:
    sink.says = [answer(503, f"retry-after: {wish}")]

    with pytest.raises(NotDelivered) as told:
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert told.value.wait is not None
    assert least <= told.value.wait <= most


async def test_410_is_the_last_that_an_address_hears(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    sink.says = [answer(410)]

    with pytest.raises(EndpointGone):
        await messenger.deliver(merchant.notice, TIMEOUT)
    with pytest.raises(EndpointGone):
        await messenger.deliver(merchant.notice, TIMEOUT)
    assert await messenger.announce(merchant.notice, TIMEOUT) == []

    assert len(sink.heard) == 1


async def test_410_of_an_old_address_does_not_disable_the_new_one(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says, sink.slow = [answer(410), OK], 0.3
    goodbye = asyncio.create_task(messenger.deliver(merchant.notice, TIMEOUT))
    await sink.spoken_to.wait()
    await told_at(sink.url, merchant, engine)
    with pytest.raises(EndpointGone):
        await goodbye

    await messenger.deliver(merchant.notice, TIMEOUT)

    assert len(sink.heard) == 2


async def test_an_address_that_was_given_up_can_be_given_again(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says = [answer(410), OK]
    with pytest.raises(EndpointGone):
        await messenger.deliver(merchant.notice, TIMEOUT)

    await told_at(sink.url, merchant, engine)
    await messenger.deliver(merchant.notice, TIMEOUT)

    assert len(sink.heard) == 2


async def test_a_slow_merchant_costs_no_more_than_the_time_it_was_given(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.slow = 30
    started = time.monotonic()

    with pytest.raises(NotDelivered, match="timeout"):
        await messenger.deliver(merchant.notice, IMPATIENT)

    assert time.monotonic() - started < 2
    (tried,) = await tries(engine, merchant.notice)
    assert (tried.status, tried.error) == (0, "timeout")
    assert tried.milliseconds >= IMPATIENT / timedelta(milliseconds=1)


async def test_a_merchant_may_take_longer_than_an_http_clients_usual_five_seconds(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    sink.slow = 5.5

    await messenger.deliver(merchant.notice, timedelta(seconds=15))

    assert len(sink.heard) == 1


async def test_what_dawdles_after_saying_2xx_has_heard(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.says, sink.dawdles = [b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"], True

    await messenger.deliver(merchant.notice, IMPATIENT)

    (tried,) = await tries(engine, merchant.notice)
    assert (tried.status, tried.error) == (200, "")


@pytest.mark.parametrize(
    ("says", "error"),
    [(b"", "no_http_answer"), (b"I am no web server\r\n\r\n", "no_http_answer")],
)
async def test_a_connection_that_breaks_is_not_heard(
    says: bytes,
    error: str,
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
) -> None:
    sink.says = [says]

    with pytest.raises(NotDelivered, match=error):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert [tried.error for tried in await tries(engine, merchant.notice)] == [error]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("http://127.0.0.1:1/", "not_connected", id="nobody listens"),
        pytest.param("http://nowhere.invalid/", "name_not_resolved", id="no such host"),
    ],
)
async def test_where_nobody_is_nothing_is_heard(
    url: str, error: str, merchant: Merchant, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    await told_at(url, merchant, engine)

    with pytest.raises(NotDelivered, match=error):
        await messenger.deliver(merchant.notice, TIMEOUT)


async def test_without_valid_tls_not_a_byte_of_the_notice_is_sent(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    sink.deaf = True
    await told_at(sink.url.replace("http:", "https:"), merchant, engine)

    with pytest.raises(NotDelivered, match="tls_failed"):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert sink.heard == []
