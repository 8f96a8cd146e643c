"""A bad line: what is repeated is done once, and what is unknown is called unknown."""

import asyncio

import httpx2
import pytest

from danbao_client import AsyncDanbao, Danbao, NoAnswer, Problem, UnreadableAnswer, problems
from tests.integration.api.client.bad_line import LOST, REFUSED, SILENT, Line, said
from tests.integration.api.client.conftest import QUICK
from tests.integration.api.client.ordering import ORDER
from tests.integration.api.shop import Shop

BUSY = said("503 Service Unavailable", "retry-after: 0")
LIMITED = said("429 Too Many Requests", "retry-after: 0")
BROKEN_GATEWAY = said("502 Bad Gateway", body="<h1>Bad gateway</h1>")
IN_FLIGHT = said(
    "409 Conflict",
    "content-type: application/problem+json",
    body='{"code": "idempotency_key_in_flight", "status": 409}',
)


@pytest.mark.parametrize("fate", [LOST, REFUSED, BUSY, LIMITED, BROKEN_GATEWAY, IN_FLIGHT])
async def test_a_command_is_repeated_under_its_key_and_done_once(
    unlucky: AsyncDanbao, danbao: AsyncDanbao, line: Line, fate: str
) -> None:
    line.fates = [fate, fate]
    escrow = await unlucky.escrows.create(**ORDER)
    assert len(line.keys()) == 3
    assert len(set(line.keys())) == 1
    assert [each.id async for each in danbao.escrows.list()] == [escrow.id]


async def test_silence_is_not_waited_for_without_end(
    danbao: AsyncDanbao, line: Line, shop: Shop
) -> None:
    line.fates = [SILENT]
    async with httpx2.AsyncClient(trust_env=False) as http:
        impatient = AsyncDanbao(line.url, shop.key, http=http, timeout=1, retries=QUICK)
        escrow = await impatient.escrows.create(**ORDER)
    assert len(line.sent) > 1
    assert len(set(line.keys())) == 1
    assert [each.id async for each in danbao.escrows.list()] == [escrow.id]


async def test_two_commands_have_two_keys(unlucky: AsyncDanbao, line: Line) -> None:
    one, other = await unlucky.escrows.create(**ORDER), await unlucky.escrows.create(**ORDER)
    assert one.id != other.id
    assert len(set(line.keys())) == 2


async def test_what_stays_silent_is_unknown_and_can_be_asked_again_with_its_key(
    unlucky: AsyncDanbao, danbao: AsyncDanbao, line: Line
) -> None:
    line.fates = [LOST] * 5
    with pytest.raises(NoAnswer, match=r"POST /v1/escrows: ") as unknown:
        await unlucky.escrows.create(**ORDER)
    assert len(line.sent) == 5
    again = await unlucky.escrows.create(**ORDER, idempotency_key=unknown.value.idempotency_key)
    assert [each.id async for each in danbao.escrows.list()] == [again.id]


async def test_nobody_at_the_address_is_no_answer(shop: Shop) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        nobody = AsyncDanbao("http://127.0.0.1:1", shop.key, http=http, retries=QUICK)
        with pytest.raises(NoAnswer):
            await nobody.escrows.get("esc_1")


async def test_a_refusal_is_not_asked_again(unlucky: AsyncDanbao, line: Line) -> None:
    with pytest.raises(problems.NotFound):
        await unlucky.escrows.get(f"esc_{'0' * 32}")
    with pytest.raises(problems.AmountOutOfRange):
        await unlucky.escrows.create(**ORDER | {"amount": -1})
    assert len(line.sent) == 2


async def test_a_redirection_is_not_followed(unlucky: AsyncDanbao, line: Line) -> None:
    """It would lead the key to another server."""
    line.fates = [said("302 Found", f"location: {line.url}/elsewhere")]
    with pytest.raises(Problem) as refused:
        await unlucky.escrows.get("esc_1")
    assert refused.value.status == 302
    assert len(line.sent) == 1


async def test_a_long_wait_is_left_to_the_caller(unlucky: AsyncDanbao, line: Line) -> None:
    line.fates = [said("503 Service Unavailable", "retry-after: 3600")]
    with pytest.raises(problems.ServerError) as refused:
        await unlucky.escrows.get("esc_1")
    assert refused.value.retry_after == 3600
    assert len(line.sent) == 1


async def test_the_client_that_waits_repeats_as_well(line: Line, shop: Shop) -> None:
    line.fates = [LOST, BUSY]

    def create() -> str:
        with httpx2.Client(trust_env=False) as http:
            return Danbao(line.url, shop.key, http=http, retries=QUICK).escrows.create(**ORDER).id

    created = await asyncio.to_thread(create)
    assert len(set(line.keys())) == 1
    assert len(line.sent) == 3
    assert created.startswith("esc_")


async def test_what_was_deleted_before_its_answer_got_lost_is_deleted(
    unlucky: AsyncDanbao, danbao: AsyncDanbao, line: Line
) -> None:
    made = await danbao.webhook_endpoints.create("https://shop.example/hooks")
    line.fates = [LOST]
    await unlucky.webhook_endpoints.delete(made.id)
    with pytest.raises(problems.NotFound):
        await unlucky.webhook_endpoints.delete(made.id)


async def test_an_unreadable_answer_to_a_command_says_its_key(
    unlucky: AsyncDanbao, danbao: AsyncDanbao, line: Line
) -> None:
    """It may have been carried out: whoever repeats it needs the key that was made up for it."""
    line.fates = [said("200 OK", body="<h1>Just a moment</h1>")]
    with pytest.raises(UnreadableAnswer) as unknown:
        await unlucky.escrows.create(**ORDER)
    assert [unknown.value.idempotency_key] == line.keys()
