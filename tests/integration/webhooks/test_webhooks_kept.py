"""What of the delivery log is kept, and for how long."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.webhooks.merchant import Merchant, tries
from tests.integration.webhooks.sink import Sink, answer
from webhooks.attempts import KEPT, attempts, forget, forget_answers
from webhooks.messenger import WebhookMessenger
from webhooks.unheard import of_endpoint

TIMEOUT = timedelta(seconds=5)


async def aged(owner: AsyncEngine, table: str, column: str, age: timedelta, of: Merchant) -> None:
    """As if what is there of the merchant's endpoint had been written so long ago."""
    said = f"UPDATE {table} SET {column} = now() - cast(:age AS interval)"  # noqa: S608
    async with owner.begin() as connection:
        where = {"age": age, "of": of.endpoint.id}
        await connection.execute(text(f"{said} WHERE endpoint_id = :of"), where)


async def test_tries_are_forgotten_after_thirty_days_and_not_before(
    merchant: Merchant, messenger: WebhookMessenger, engine: AsyncEngine, owner_engine: AsyncEngine
) -> None:
    await messenger.deliver(merchant.notice, TIMEOUT)

    await aged(owner_engine, "notice_attempt", "at", KEPT - timedelta(hours=1), merchant)
    async with engine.begin() as connection:
        await forget(connection)
    assert len(await tries(engine, merchant.notice)) == 1

    await aged(owner_engine, "notice_attempt", "at", KEPT + timedelta(hours=1), merchant)
    async with engine.begin() as connection:
        assert await forget(connection) >= 1
    assert await tries(engine, merchant.notice) == []


async def test_what_was_parked_is_forgotten_as_late(
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
) -> None:
    sink.says = [answer(410)]
    assert await messenger.announce(merchant.notice, TIMEOUT) == []
    kept = []
    for age in (KEPT - timedelta(hours=1), KEPT + timedelta(hours=1)):
        await aged(owner_engine, "unheard_notice", "parked_at", age, merchant)
        async with engine.begin() as connection:
            await forget(connection)
        async with engine.connect() as connection:
            kept.append(await of_endpoint(connection, merchant.endpoint.id, "", 10, parked=True))

    assert [len(those) for those in kept] == [1, 0]


async def test_what_a_server_answered_about_a_purchase_can_be_forgotten_for_itself(
    merchant: Merchant,
    sink: Sink,
    messenger: WebhookMessenger,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
) -> None:
    sink.says = [answer(200, body=b"thank you, buyer@example.com")]
    await messenger.deliver(merchant.notice, TIMEOUT)
    said = []
    for _ in range(2):
        async with engine.connect() as connection:
            (one,) = await attempts(connection, merchant.notice.escrow_id, 1, None, 10)
        said.append(one.answer)
        async with owner_engine.begin() as connection:
            await forget_answers(connection, merchant.notice.escrow_id)

    assert said == ["thank you, buyer@example.com", ""]
