"""What is wrong with a file of payouts, or with a bank's word on it, and where."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from banks.files import pain001, pain002
from banks.files.errors import (
    BadValue,
    BankFileError,
    CountMismatch,
    EmptyFile,
    MalformedFile,
    Missing,
    Repeated,
    SumMismatch,
    UnknownCurrency,
    WrongAmount,
)
from banks.files.pain002 import (
    GroupAdvice,
    GroupStatus,
    PayoutAdvice,
    StatusReport,
    TransactionStatus,
    Verdict,
)
from banks.files.values import Account, Agent, Reason
from tests import bank_files as some

SECOND = some.an_order(1, "second")
BATCH = some.a_batch(some.an_order(), SECOND)
SETTLED = Verdict(TransactionStatus.SETTLED)
CLOSED = Verdict(TransactionStatus.REJECTED, Reason("AC04", "account closed"))
PARTLY = StatusReport(
    "R-1",
    some.AT,
    "B-1",
    (GroupAdvice("G-1", (PayoutAdvice(some.OURS, SETTLED, "77"), PayoutAdvice("second", CLOSED))),),
)


def changed(old: str, new: str, times: int = 1, data: bytes = b"") -> bytes:
    """The batch (or `data`) as a file in which `old` has become `new`."""
    written = (data or pain001.write(BATCH)).decode()
    assert old in written
    return written.replace(old, new, times).encode()


@pytest.mark.parametrize(
    ("old", "new", "kind", "place"),
    [
        ("<NbOfTxs>2", "<NbOfTxs>3", CountMismatch, "GrpHdr/NbOfTxs, line 7"),
        ("<NbOfTxs>2", "<NbOfTxs>two", BadValue, "GrpHdr/NbOfTxs"),
        ("<CtrlSum>123.46", "<CtrlSum>123.45", SumMismatch, "GrpHdr/CtrlSum"),
        ("<CtrlSum>123.46", "<CtrlSum>1.2346E2", WrongAmount, "GrpHdr/CtrlSum"),
        ('"CNY">123.45', '"CNY">123.450', WrongAmount, "CdtTrfTxInf[1]/Amt/InstdAmt"),
        ('"CNY">123.45', '"CNY">-123.45', WrongAmount, "CdtTrfTxInf[1]/Amt/InstdAmt"),
        ('"CNY">123.45', '"CNY">+123.45', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"CNY">123,45', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"CNY">1 23.45', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"CNY">١٢٣.٤٥', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"CNY">', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"JPY">123.45', WrongAmount, "InstdAmt"),
        ('"CNY">123.45', '"XXX">123.45', UnknownCurrency, "InstdAmt"),
        (' Ccy="CNY">123.45', ">123.45", UnknownCurrency, "InstdAmt"),
        ("<PmtMtd>TRF", "<PmtMtd>CHK", BadValue, "PmtInf/PmtMtd"),
        ("<Dt>2026-11-23", "<Dt>2026-02-30", BadValue, "PmtInf/ReqdExctnDt/Dt"),
        ("<Dt>2026-11-23", "<Dt>23.11.2026", BadValue, "PmtInf/ReqdExctnDt/Dt"),
        ("<CreDtTm>2026-11-23T14", "<CreDtTm>2026-11-23T24", BadValue, "GrpHdr/CreDtTm"),
        ("<EndToEndId>second", "<EndToEndId>NOTPROVIDED", BadValue, "PmtId/EndToEndId"),
        ("<EndToEndId>second", "<EndToEndId>", Missing, "PmtId/EndToEndId"),
        ("<MsgId>B-1", "<MsgId>" + "B" * 36, BadValue, "GrpHdr/MsgId"),
        ("<Id>6217000000001000", "<Id>" + "6" * 35, BadValue, "DbtrAcct/Id/Othr/Id"),
        ("<MsgId>B-1</MsgId>", "", Missing, "CstmrCdtTrfInitn/GrpHdr"),
        ("<MsgId>B-1", "<MsgId>B-0</MsgId><MsgId>B-1", Repeated, "GrpHdr/MsgId[2]"),
        ("</Document>", "<Document/></Document>", MalformedFile, "Document"),
    ],
)
def test_a_wrong_batch_says_what_and_where(
    old: str, new: str, kind: type[BankFileError], place: str
) -> None:
    with pytest.raises(kind) as refused:
        pain001.read(changed(old, new))
    assert type(refused.value) is kind
    assert place in refused.value.place


def test_a_reference_stands_once_in_a_batch() -> None:
    twice = some.a_batch(some.an_order(), some.an_order(5))
    with pytest.raises(Repeated, match="remit:1"):
        pain001.write(twice)
    short = "PAY-01JF4A3CP3FN78Z6GB3GPKWKTG-R1"
    with pytest.raises(Repeated, match="remit:1"):
        pain001.read(changed("<EndToEndId>second", f"<EndToEndId>{short}"))


def test_an_empty_batch_is_neither_written_nor_read() -> None:
    with pytest.raises(EmptyFile):
        pain001.write(replace(BATCH, groups=()))
    with pytest.raises(EmptyFile):
        pain001.write(replace(BATCH, groups=(replace(BATCH.groups[0], orders=()),)))


def test_nothing_is_no_payout() -> None:
    with pytest.raises(WrongAmount, match="nothing is to be paid"):
        pain001.write(some.a_batch(some.an_order(0)))


@pytest.mark.parametrize("amount", [-1, 10**18, True, 1.0])
def test_what_is_no_amount_is_not_written(amount: int) -> None:
    with pytest.raises(WrongAmount):
        pain001.write(some.a_batch(some.an_order(amount)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"holder": ""},
        {"holder": "x" * 141},
        {"holder": " Li"},
        {"holder": "Li\x00"},
        {"holder": "Li\ud800"},
        {"reference": "r" * 36},
        {"reference": "NOTPROVIDED"},
        {"reference": "PAY-01JF4A3CP3FN78Z6GB3GPKWKTG-R1"},
        {"account": Account("")},
        {"bank": Agent("no bic")},
        {"currency": "XXX"},
    ],
)
def test_what_would_not_come_back_is_not_written(wrong: dict[str, object]) -> None:
    order = replace(some.an_order(), **wrong)  # type: ignore[arg-type]
    with pytest.raises(BankFileError, match=r"CstmrCdtTrfInitn|PayoutBatch"):
        pain001.write(some.a_batch(order))


def test_a_moment_whose_zone_has_seconds_is_not_written() -> None:
    shanghai_1900 = timezone(timedelta(hours=8, minutes=5, seconds=43))
    with pytest.raises(BadValue, match="can't be written"):
        pain001.write(replace(BATCH, created_at=datetime(2026, 1, 1, tzinfo=shanghai_1900)))


def test_an_iban_is_one_only_with_its_check_digits() -> None:
    right, wrong = Account("DE89370400440532013000"), Account("DE88370400440532013000")
    written = pain001.write(some.a_batch(replace(some.an_order(), account=right)))
    assert b"<IBAN>DE89" in written
    with pytest.raises(BadValue, match="check digits"):
        pain001.read(written.replace(b"<IBAN>DE89", b"<IBAN>DE88"))
    other = pain001.write(some.a_batch(replace(some.an_order(), account=wrong)))
    assert b"IBAN" not in other
    assert pain001.read(other).orders[0].account == wrong


def test_a_control_sum_adds_up_whatever_the_currencies() -> None:
    yen, dinar = some.an_order(500, "a", "JPY"), some.an_order(1_234, "b", "KWD")
    written = pain001.write(some.a_batch(yen, dinar))
    assert b"<CtrlSum>501.234</CtrlSum>" in written
    longer = written.replace(b"<CtrlSum>501.234", b"<CtrlSum>501.23400000000000000")
    assert pain001.read(longer) == pain001.read(written)


def test_an_account_number_is_not_in_what_is_logged() -> None:
    assert some.MERCHANT.number not in repr(BATCH)


def test_a_batch_is_accepted_in_parts() -> None:
    written = pain002.write(PARTLY)
    assert b"<GrpSts>PART" in written
    said = pain002.read(written).of(BATCH)
    assert said[some.OURS].verdict == SETTLED
    assert said["second"].verdict == CLOSED


def test_one_verdict_on_a_file_or_group_is_on_each_of_its_orders() -> None:
    whole = StatusReport("R-1", some.AT, "B-1", (), CLOSED)
    group = StatusReport("R-1", some.AT, "B-1", (GroupAdvice("G-1", (), CLOSED),))
    for report in (whole, group):
        said = pain002.read(pain002.write(report)).of(BATCH)
        assert {one.verdict for one in said.values()} == {CLOSED}
        assert set(said) == {some.OURS, "second"}


def test_a_report_may_speak_of_some_orders_only() -> None:
    some_of_it = GroupAdvice("G-1", (PayoutAdvice("second", SETTLED),))
    report = replace(PARTLY, groups=(some_of_it,))
    assert set(pain002.read(pain002.write(report)).of(BATCH)) == {"second"}


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (replace(PARTLY, batch="B-2"), "about 'B-2'"),
        (replace(PARTLY, groups=(GroupAdvice("G-2", (), SETTLED),)), "no group 'G-2'"),
        (
            replace(PARTLY, groups=(GroupAdvice("G-1", (PayoutAdvice("third", SETTLED),)),)),
            "no order 'third'",
        ),
    ],
)
def test_a_report_on_what_was_never_sent_is_an_error(report: StatusReport, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        report.of(BATCH)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("<GrpSts>PART", "<GrpSts>ACSC", BadValue),
        ("<PmtInfSts>PART", "<PmtInfSts>RJCT", BadValue),
        ("<TxSts>ACSC", "<TxSts>OKAY", BadValue),
        ("<TxSts>ACSC", "<TxSts>PART", BadValue),
        ("<TxSts>ACSC", "<TxSts>RJCT", BadValue),
        ("<DtldNbOfTxs>1", "<DtldNbOfTxs>2", CountMismatch),
        ("<OrgnlMsgNmId>pain.001", "<OrgnlMsgNmId>pain.008", BadValue),
        ("<Cd>AC04", "<Cd>", Missing),
        ("<OrgnlEndToEndId>second", "<OrgnlEndToEndId>PAY-01JF4A3CP3FN78Z6GB3GPKWKTG-R1", Repeated),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(
    old: str, new: str, kind: type[BankFileError]
) -> None:
    with pytest.raises(kind):
        pain002.read(changed(old, new, data=pain002.write(PARTLY)))


def test_a_verdict_on_all_leaves_none_for_one() -> None:
    with pytest.raises(BadValue, match="yet on single ones"):
        pain002.write(replace(PARTLY, verdict=SETTLED))
    with pytest.raises(EmptyFile):
        pain002.write(replace(PARTLY, groups=()))


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        (["ACSC", "ACSC"], "ACSC"),
        (["ACSC", "ACSP"], "ACSP"),
        (["ACTC", "PDNG", "ACSC"], "PDNG"),
        (["RJCT", "ACTC"], "PART"),
        (["RJCT", "RJCT"], "RJCT"),
    ],
)
def test_the_status_of_a_group_is_what_its_orders_make(statuses: list[str], together: str) -> None:
    reason = {"RJCT": Reason("AC04")}
    advices = tuple(
        PayoutAdvice(str(number), Verdict(TransactionStatus(status), reason.get(status)))
        for number, status in enumerate(statuses)
    )
    written = pain002.write(replace(PARTLY, groups=(GroupAdvice("G-1", advices),)))
    assert f"<PmtInfSts>{GroupStatus(together)}</PmtInfSts>".encode() in written
