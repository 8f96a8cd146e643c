"""What a merchant's server gets to see of a notice."""

import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from ledger.reading import Reading
from tests.integration.webhooks.merchant import Merchant, told_at, tries
from tests.integration.webhooks.sink import Sink, answer
from webhooks.courier import LONGEST_ANSWER, courier
from webhooks.endpoints import remove
from webhooks.messenger import WebhookMessenger
from webhooks.port import EndpointGone, NotDelivered, Notice

TIMEOUT = timedelta(seconds=5)


async def test_the_signature_is_over_the_very_bytes_that_arrive(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    await messenger.deliver(merchant.notice, TIMEOUT)

    heard = sink.heard[0]
    told = Webhook(merchant.secret).verify(heard.body, heard.headers)
    event = await Reading(engine).event(merchant.notice.escrow_id, 1)
    assert event is not None
    assert told == event.body == json.loads(heard.body)
    assert heard.headers["webhook-id"] == event.id
    assert "书 №1 «ü»".encode() in heard.body
    assert (heard.method, heard.path) == ("POST", "/hooks?of=ours")
    assert heard.headers["content-type"] == "application/json"


async def test_every_try_of_an_event_says_the_same(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    for _ in range(2):
        await messenger.deliver(merchant.notice, TIMEOUT)

    first, second = sink.heard
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_a_short_answer_leaves_the_connection_for_the_next_notice(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    sink.says = [answer(200, body=b"thank you")]
    for _ in range(3):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert sink.connections == 1


async def test_a_long_answer_is_not_read_to_its_end(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    promised = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n"
    sink.says, sink.dawdles = [promised + b"x" * (LONGEST_ANSWER + 1)], True

    await messenger.deliver(merchant.notice, TIMEOUT)

    (tried,) = await tries(engine, merchant.notice)
    assert (tried.status, tried.error) == (200, "")
    assert tried.milliseconds < 4_000


async def test_a_cookie_of_one_notice_is_not_sent_with_the_next(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger
) -> None:
    sink.says = [answer(200, "set-cookie: who=merchant; Path=/")]
    for _ in range(2):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert "cookie" not in sink.heard[1].headers


async def test_proxies_of_the_environment_are_not_obeyed(
    merchant: Merchant, sink: Sink, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with courier() as post:
        told = WebhookMessenger(post, engine, Reading(engine))
        await told.deliver(merchant.notice, TIMEOUT)

    assert len(sink.heard) == 1


async def test_a_merchant_without_an_endpoint_is_not_told_and_nothing_is_wrong(
    messenger: WebhookMessenger, merchant: Merchant, engine: AsyncEngine, sink: Sink
) -> None:
    async with engine.begin() as connection:
        await remove(connection, merchant.endpoint.id, merchant.id)

    assert await messenger.announce(merchant.notice, TIMEOUT) == []
    with pytest.raises(EndpointGone):
        await messenger.deliver(merchant.notice, TIMEOUT)

    assert sink.heard == []
    assert await tries(engine, merchant.notice) == []


async def test_an_event_that_is_not_stored_is_told_later(messenger: WebhookMessenger) -> None:
    with pytest.raises(NotDelivered, match="not stored"):
        await messenger.deliver(Notice(f"esc_{uuid4().hex}", 1), TIMEOUT)


async def test_a_new_address_hears_everything_from_then_on_by_the_same_secret(
    merchant: Merchant, sink: Sink, messenger: WebhookMessenger, engine: AsyncEngine
) -> None:
    await told_at(sink.url.replace("/hooks", "/new"), merchant, engine)

    await messenger.deliver(merchant.notice, TIMEOUT)

    assert sink.heard[0].path == "/new?of=ours"
    Webhook(merchant.secret).verify(sink.heard[0].body, sink.heard[0].headers)


@pytest.mark.parametrize("say", [answer(200), answer(500), answer(410), b""])
async def test_neither_logs_nor_errors_name_the_secret_or_the_address(
    say: bytes,
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink.says = [say]
    complaint = ""
    # What the service logs at its most talkative: libraries' own lines stay at WARNING.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.WARNING, "httpcore2"):
        try:
            await messenger.deliver(merchant.notice, TIMEOUT)
        except (NotDelivered, EndpointGone) as told:
            complaint = repr(told)

    for said in (caplog.text, complaint):
        assert merchant.secret not in said
        assert "of=ours" not in said


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE notice_attempt SET status = 200",
        "DELETE FROM notice_attempt",
        "TRUNCATE notice_attempt",
        "UPDATE webhook_endpoint SET merchant_id = 'mer_other'",
        "UPDATE unheard_notice SET endpoint_id = 'whe_other'",
    ],
)
async def test_the_service_cannot_rewrite_what_was_tried_or_for_whom(
    forbidden: str, engine: AsyncEngine
) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text(forbidden))
