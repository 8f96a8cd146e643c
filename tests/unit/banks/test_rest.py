"""Every answer that a bank can give over HTTP, and what it means."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from banks.port import (
    AlreadyPaid,
    BankRefusedOurRequest,
    Closed,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Pending,
    Redirect,
    Refunded,
    Unfrozen,
    Unheard,
)
from banks.rest import RestBank
from domain.terms import Funding

REF, OF = "esc_1:refund:1", "esc_1:payment:1"
PAGE = "https://bank.invalid/pay/1"

Call = Callable[[RestBank], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "start": lambda bank: bank.start_payment(REF, 5, "EUR", Funding.DEDUCT, "https://shop.invalid"),
    "close": lambda bank: bank.close_payment(REF),
    "deduct": lambda bank: bank.deduct(REF, OF, 5, "EUR"),
    "unfreeze": lambda bank: bank.unfreeze(REF, OF),
    "refund": lambda bank: bank.refund(REF, OF, 5, "EUR"),
    "find": lambda bank: bank.find(REF),
}
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


async def asked(call: Call, answer: httpx2.Response | Exception) -> Any:
    def bank(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer key"
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx2.MockTransport(bank)
    async with httpx2.AsyncClient(base_url="http://bank.invalid", transport=transport) as client:
        return await call(RestBank(client, "key"))


def said(code: int, /, **body: Any) -> httpx2.Response:
    return httpx2.Response(code, json={"reference": REF, **body})


@pytest.mark.parametrize(
    ("call", "answer", "meaning"),
    [
        ("start", said(201, status="open", page_url=PAGE), Redirect(PAGE)),
        ("start", said(200, status="deducted", page_url=PAGE), Redirect(PAGE)),
        ("start", said(402, status="declined", code="risk"), Declined("risk")),
        ("close", said(200, status="closed"), Closed()),
        ("close", said(200, status="paid"), AlreadyPaid()),
        ("deduct", said(200, status="deducted", amount=4), Deducted(4)),
        ("deduct", said(202, status="pending"), Pending()),
        ("deduct", said(402, status="declined", code="x", message="y"), Declined("x", "y")),
        ("unfreeze", said(200, status="unfrozen", amount=5), Unfrozen()),
        ("unfreeze", said(202, status="pending"), Pending()),
        ("refund", said(200, status="refunded", amount=5), Refunded(5)),
        ("find", said(200, status="open"), Pending()),
        ("find", said(200, status="processing"), Pending()),
        ("find", said(200, status="deducted", amount=10**12), Deducted(10**12)),
        (
            "find",
            said(200, status="frozen", amount=5, capture_before="2026-11-23T12:00:00+00:00"),
            Frozen(5, datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ),
        ("find", said(200, status="unfrozen"), Unfrozen()),
        ("find", said(200, status="refunded", amount=5), Refunded(5)),
        ("find", said(200, status="closed"), Closed()),
        ("find", said(200, status="declined", code="expired"), Declined("expired")),
        ("find", said(404, code="unknown_reference"), Unheard()),
    ],
)
async def test_definitive_answers(call: str, answer: httpx2.Response, meaning: object) -> None:
    assert await asked(CALLS[call], answer) == meaning


@EVERY_CALL
@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout("nobody there"),
        httpx2.ReadTimeout("silence"),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("cut"),
        TimeoutError(),
        httpx2.Response(500),
        httpx2.Response(502, text="<html>Bad Gateway</html>"),
        said(503, code="unavailable"),
        httpx2.Response(200),
        httpx2.Response(200, text="<html>Welcome</html>"),
        httpx2.Response(200, json=["deducted"]),
        httpx2.Response(200, json={"status": "sunny", "reference": REF}),
        httpx2.Response(302, headers={"location": "https://elsewhere.invalid"}),
        httpx2.Response(204),
        httpx2.Response(402, json={"status": "declined"}),
        httpx2.Response(402, text="no"),
        httpx2.Response(408),
        httpx2.Response(429, json={"code": "slow_down"}),
    ],
    ids=repr,
)
async def test_everything_else_is_unknown(call: Call, answer: httpx2.Response | Exception) -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(call, answer)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "deducted", "amount": 5.0},
        {"status": "deducted", "amount": "5"},
        {"status": "deducted", "amount": True},
        {"status": "deducted", "amount": 0},
        {"status": "deducted", "amount": -5},
        {"status": "deducted"},
        {"status": "frozen", "amount": 5},
        {"status": "frozen", "amount": 5, "capture_before": "tomorrow"},
        {"status": "frozen", "amount": 5, "capture_before": "2026-11-23T12:00:00"},
        {"status": "deducted", "amount": 5, "reference": "esc_2:refund:1"},
    ],
    ids=repr,
)
async def test_an_amount_or_time_that_is_none_decides_nothing(body: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["find"], said(200, **body))


async def test_a_yes_to_something_else_decides_nothing() -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["refund"], said(200, status="deducted", amount=5))


@EVERY_CALL
@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 413, 422])
async def test_a_message_that_the_bank_finds_wrong_is_our_bug(call: Call, status: int) -> None:
    with pytest.raises(BankRefusedOurRequest, match=str(status)):
        await asked(call, httpx2.Response(status, json={"code": "bad_request"}))


async def test_a_wrong_address_is_not_an_unknown_reference() -> None:
    """Else a misplaced setting would make us send again what was done."""
    with pytest.raises(BankRefusedOurRequest):
        await asked(CALLS["find"], httpx2.Response(404, json={"detail": "Not Found"}))
