"""Every answer that a bank can give over HTTP, and what it means."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from banks.files import pain002
from banks.files.pain002 import (
    GroupAdvice,
    PayoutAdvice,
    StatusReport,
    TransactionStatus,
    Verdict,
)
from banks.files.values import Reason
from banks.port import (
    AlreadyPaid,
    BankRefusedOurRequest,
    Batch,
    BatchOrder,
    Closed,
    Creditor,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Payer,
    Pending,
    Redirect,
    Refunded,
    SavedMethod,
    StatementFile,
    StatementFormat,
    StatementNotice,
    Unfrozen,
    Unheard,
    UnknownStatement,
)
from banks.rest import RestBank
from domain.terms import Funding

REF, OF = "esc_1:refund:1", "esc_1:payment:1"
METHOD = {
    "token": "pm_1",
    "method": "card",
    "label": "UnionPay •••• 0005",
    "expires": "2030-04",
}
BATCH = Batch(
    "B-1",
    "EUR",
    date(2026, 11, 23),
    datetime(2026, 11, 23, 14, tzinfo=UTC),
    (BatchOrder(REF, Creditor("Shop", "6217000000000018"), 5),),
)
SHOWN = {
    "number": 8,
    "account": "CUSTODY-CNY",
    "currency": "CNY",
    "sequence": 3,
    "day": "2026-11-23",
    "formats": ["camt.053", "bill"],
}
NOTICE = StatementNotice(8, "CUSTODY-CNY", "CNY", 3, date(2026, 11, 23), tuple(StatementFormat))
NO_FORMAT = replace(NOTICE, formats=())
NEVER_EXPIRES = SavedMethod("pm_1", "card", "UnionPay •••• 0005")
PAGE = "https://bank.invalid/pay/1"

Call = Callable[[RestBank], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "start": lambda bank: bank.start_payment(REF, 5, "EUR", Funding.DEDUCT, "https://shop.invalid"),
    "close": lambda bank: bank.close_payment(REF),
    "deduct": lambda bank: bank.deduct(REF, OF, 5, "EUR"),
    "unfreeze": lambda bank: bank.unfreeze(REF, OF),
    "refund": lambda bank: bank.refund(REF, OF, 5, "EUR"),
    "find": lambda bank: bank.find(REF),
    "methods": lambda bank: bank.keeper.saved_methods("pyr_1"),
    "forget": lambda bank: bank.keeper.forget_method("pyr_1", "pm_1"),
    "batch": lambda bank: bank.batches.remit_batch(BATCH),
    "find_batch": lambda bank: bank.batches.find_batch(BATCH),
    "published": lambda bank: bank.statements.published(after=7),
    "fetch": lambda bank: bank.statements.fetch(8, StatementFormat.CAMT053),
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


def report(code: str, batch: str = "B-1") -> httpx2.Response:
    """The only order is refused."""
    verdict = Verdict(TransactionStatus.REJECTED, Reason(code, "no"))
    groups = (GroupAdvice("B-1", (PayoutAdvice(REF, verdict),)),)
    written = pain002.write(StatusReport("R-1", datetime.now(UTC), batch, groups))
    return httpx2.Response(200, content=written)


def file(**headers: str) -> httpx2.Response:
    sent = {
        "content-type": "application/xml",
        "content-disposition": 'attachment; filename="a.xml"',
    }
    return httpx2.Response(200, content=b"<a/>", headers={**sent, **headers})


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
        ("methods", said(200, methods=[]), ()),
        ("methods", said(200, methods=[METHOD]), (SavedMethod(**METHOD),)),
        ("methods", said(200, methods=[{**METHOD, "expires": ""}]), (NEVER_EXPIRES,)),
        ("forget", said(200, status="forgotten"), None),
        ("batch", report("AC04"), {REF: Declined("account_closed", "AC04 no")}),
        ("batch", report("MS03"), {REF: Declined("rejected", "MS03 no")}),
        ("find_batch", report("AM04"), {REF: Declined("insufficient_custody", "AM04 no")}),
        ("find_batch", said(404, code="unknown_batch"), Unheard()),
        ("published", said(200, statements=[]), ()),
        ("published", said(200, statements=[SHOWN]), (NOTICE,)),
        ("published", said(200, statements=[{**SHOWN, "formats": ["mt940"]}]), (NO_FORMAT,)),
        ("fetch", file(), StatementFile("a.xml", "application/xml", b"<a/>")),
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": 7},
        {"label": None},
        {"expires": "2030-13"},
        {"expires": "04/30"},
        {"expires": "2030-04-01"},
    ],
    ids=repr,
)
async def test_a_saved_method_that_is_none_is_no_list(wrong: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["methods"], said(200, methods=[METHOD, {**METHOD, **wrong}]))


@pytest.mark.parametrize(
    ("payer", "told"),
    [
        (None, None),
        (Payer("pyr_1", remember=True), {"reference": "pyr_1", "token": "", "remember": True}),
        (Payer("pyr_1", "pm_1"), {"reference": "pyr_1", "token": "pm_1", "remember": False}),
    ],
)
async def test_a_bank_is_told_of_a_payer_only_when_there_is_one(
    payer: Payer | None, told: dict[str, Any] | None
) -> None:
    heard: list[dict[str, Any]] = []

    def bank(request: httpx2.Request) -> httpx2.Response:
        heard.append(json.loads(request.content))
        return said(201, status="open", page_url=PAGE)

    async with httpx2.AsyncClient(
        base_url="http://bank.invalid", transport=httpx2.MockTransport(bank)
    ) as client:
        back = "https://shop.invalid"
        await RestBank(client, "key").start_payment(REF, 5, "EUR", Funding.DEDUCT, back, payer)
    assert heard[0].get("payer") == told
    assert ("payer" in heard[0]) is (payer is not None)


@pytest.mark.parametrize("call", ["methods", "forget"])
async def test_a_silence_names_neither_payer_nor_token(call: str) -> None:
    """What is raised is logged."""
    with pytest.raises(OutcomeUnknown) as unknown:
        await asked(CALLS[call], httpx2.ReadTimeout("silence"))
    assert not any(secret in str(unknown.value) for secret in ("pyr_1", "pm_1"))
    assert "pm_1" not in repr((Payer("pyr_1", "pm_1"), NEVER_EXPIRES))


@pytest.mark.parametrize(
    "wrong",
    [
        [{**SHOWN, "number": 7}],
        [{**SHOWN, "number": 9}, SHOWN],
        [SHOWN, SHOWN],
        [{**SHOWN, "day": "23.11.2026"}],
        [{**SHOWN, "sequence": "3"}],
        [{**SHOWN, "formats": None}],
    ],
    ids=repr,
)
async def test_a_list_of_statements_out_of_order_is_no_list(wrong: list[Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["published"], said(200, statements=wrong))


@pytest.mark.parametrize("name", ["", "attachment", 'attachment; filename="../a.xml"'])
async def test_a_file_without_a_plain_name_is_none(name: str) -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["fetch"], file(**{"content-disposition": name}))


async def test_a_statement_that_the_bank_has_not_is_no_wrong_address() -> None:
    with pytest.raises(UnknownStatement):
        await asked(CALLS["fetch"], httpx2.Response(404, json={"code": "unknown_statement"}))


async def test_a_report_on_another_batch_decides_nothing() -> None:
    with pytest.raises(OutcomeUnknown):
        await asked(CALLS["batch"], report("AC04", batch="B-2"))


async def test_an_order_that_no_file_can_hold_sends_no_file() -> None:
    """It must not hold up the others for ever: they are ordered one by one then."""
    wrong = replace(BATCH.orders[0], to=Creditor("Shop\x01", "6217000000000018"))
    batch = replace(BATCH, orders=(*BATCH.orders, replace(wrong, reference="pay_2:remit:1")))

    def sends(bank: RestBank) -> Awaitable[Any]:
        return bank.batches.remit_batch(batch)

    with pytest.raises(BankRefusedOurRequest, match="control character"):
        await asked(sends, AssertionError("nothing was to be sent"))
