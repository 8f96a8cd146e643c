"""A payment is asked back, and comes back or not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from banks.files import pacs004, recalls
from banks.files.errors import (
    BadValue,
    BankFileError,
    CountMismatch,
    CurrencyMismatch,
    EmptyFile,
    Missing,
    Repeated,
    SumMismatch,
    Unbalanced,
    WrongAmount,
)
from banks.files.pacs004 import PaymentReturn, ReturnMessage
from banks.files.recalls import (
    Recall,
    RecallAnswer,
    RecallRequest,
    RecallResolution,
    RecallStatus,
)
from banks.files.values import Agent, Reason
from banks.files.xml_reading import read_message
from tests import any_bank_file
from tests import bank_files as some
from tests.bank_schemas import check

OURS, THEIRS = Agent("DEUTDEFF"), Agent(member="102100099996")
TWICE = Recall("C-1", "B-1", some.OURS, 12_345, "CNY", some.DAY, Reason("DUPL", "paid twice"))
WRONG = replace(TWICE, id="C-2", reference="second", amount=5, reason=Reason("AC03"))
REQUEST = RecallRequest("Q-1", some.AT, OURS, THEIRS, (TWICE, WRONG))
YES = RecallAnswer("C-1", some.OURS, RecallStatus.ACCEPTED)
NO = RecallAnswer("C-2", "second", RecallStatus.REJECTED, Reason("AM04"))
RESOLUTION = RecallResolution("A-1", some.AT, THEIRS, OURS, "Q-1", (YES, NO))
BACK = PaymentReturn(
    "T-1", "B-1", some.OURS, 12_345, 12_000, "CNY", Reason("FOCR"), charges=345, charged_by=THEIRS
)
WHOLE = PaymentReturn("T-2", "B-1", "second", 5, 5, "CNY", Reason("AC04"))
RETURNS = ReturnMessage("X-1", some.AT, some.DAY, (BACK, WHOLE))
few = settings(max_examples=15, deadline=None)


@few
@given(any_bank_file.recall_requests())
def test_a_request_is_read_as_it_was_written(request_: RecallRequest) -> None:
    written = recalls.write_request(request_)
    check(written, recalls.REQUEST_VERSION)
    assert recalls.read_request(written) == request_


@few
@given(any_bank_file.recall_resolutions())
def test_a_resolution_is_read_as_it_was_written(resolution: RecallResolution) -> None:
    written = recalls.write_resolution(resolution)
    check(written, recalls.RESOLUTION_VERSION)
    assert recalls.read_resolution(written) == resolution


@few
@given(any_bank_file.return_messages())
def test_returns_are_read_as_they_were_written(message: ReturnMessage) -> None:
    assert pacs004.read(pacs004.write(message)) == message


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        ((YES,), b"CNCL"),
        ((NO,), b"RJCR"),
        ((replace(YES, status=RecallStatus.PENDING),), b"PDCR"),
        ((YES, NO), b"PECR"),
    ],
)
def test_the_status_of_a_resolution_is_what_its_answers_make(
    answers: tuple[RecallAnswer, ...], confirmed: bytes
) -> None:
    written = recalls.write_resolution(replace(RESOLUTION, answers=answers))
    assert b"<Conf>" + confirmed in written


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("<NbOfTxs>2", "<NbOfTxs>1", CountMismatch),
        ("<CtrlSum>123.5", "<CtrlSum>123.6", SumMismatch),
        ('"CNY">123.45', '"CNY">123.455', WrongAmount),
        ('"CNY">123.45', '"CNY">0', WrongAmount),
        ("<CxlId>C-2", "<CxlId>C-1", Repeated),
        ("<Cd>DUPL", "<Cd>TOOLONG", BadValue),
        ("CxlRsnInf>", "Other>", Missing),
        ("<OrgnlIntrBkSttlmDt>2026-11", "<OrgnlIntrBkSttlmDt>2026-13", BadValue),
    ],
)
def test_a_wrong_request_is_refused(old: str, new: str, kind: type[BankFileError]) -> None:
    written = recalls.write_request(REQUEST).decode()
    assert old in written
    with pytest.raises(kind):
        recalls.read_request(written.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("<Conf>PECR", "<Conf>CNCL", BadValue),
        ("<TxCxlSts>ACCR", "<TxCxlSts>RJCR", BadValue),
        ("<TxCxlSts>ACCR", "<TxCxlSts>MAYB", BadValue),
        ("<OrgnlEndToEndId>second", "<OrgnlEndToEndId>NOTPROVIDED", BadValue),
    ],
)
def test_a_wrong_resolution_is_refused(old: str, new: str, kind: type[BankFileError]) -> None:
    written = recalls.write_resolution(RESOLUTION).decode()
    assert old in written
    with pytest.raises(kind):
        recalls.read_resolution(written.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("<NbOfTxs>2", "<NbOfTxs>3", CountMismatch),
        ("<CtrlSum>120.05", "<CtrlSum>120.04", SumMismatch),
        (
            'TtlRtrdIntrBkSttlmAmt Ccy="CNY">120.05',
            'TtlRtrdIntrBkSttlmAmt Ccy="CNY">120',
            Unbalanced,
        ),
        ('RtrdInstdAmt Ccy="CNY">123.45', 'RtrdInstdAmt Ccy="CNY">123.44', Unbalanced),
        ('"CNY">0.05</Rtrd', '"CNY">0.06</Rtrd', Unbalanced),
        ('"CNY">0.05</Rtrd', '"EUR">0.05</Rtrd', CurrencyMismatch),
        ("<RtrId>T-2", "<RtrId>T-1", Repeated),
    ],
)
def test_wrong_returns_are_refused(old: str, new: str, kind: type[BankFileError]) -> None:
    written = pacs004.write(RETURNS).decode()
    assert old in written
    with pytest.raises(kind):
        pacs004.read(written.replace(old, new).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WHOLE, amount=6),
        replace(WHOLE, amount=0),
        replace(WHOLE, charges=1),
        replace(WHOLE, charges=-1),
        replace(WHOLE, charged_by=THEIRS),
        replace(WHOLE, currency="EUR"),
    ],
)
def test_a_return_that_does_not_add_up_is_not_written(wrong: PaymentReturn) -> None:
    with pytest.raises(BankFileError):
        pacs004.write(replace(RETURNS, returns=(BACK, wrong)))


def test_nothing_is_neither_recalled_nor_answered_nor_returned() -> None:
    with pytest.raises(EmptyFile):
        recalls.write_request(replace(REQUEST, recalls=()))
    with pytest.raises(EmptyFile):
        recalls.write_resolution(replace(RESOLUTION, answers=()))
    with pytest.raises(EmptyFile):
        pacs004.write(replace(RETURNS, returns=()))


def test_a_return_has_the_structure_that_the_standard_documents() -> None:
    """No package carries the schema of pacs.004. This is the order of its elements in ISO 20022's
    message definition report (Payments Clearing and Settlement, PaymentReturnV09), as far as we
    write them.
    """
    header = "MsgId CreDtTm NbOfTxs CtrlSum TtlRtrdIntrBkSttlmAmt IntrBkSttlmDt SttlmInf"
    returned = (
        "RtrId OrgnlGrpInf OrgnlEndToEndId OrgnlIntrBkSttlmAmt RtrdIntrBkSttlmAmt RtrdInstdAmt"
        " ChrgBr ChrgsInf RtrRsnInf"
    )
    message = read_message(pacs004.write(RETURNS), (pacs004.VERSION,))
    assert [child.name for child in message.children] == ["GrpHdr", "TxInf", "TxInf"]
    assert [child.name for child in message.children[0].children] == header.split()
    first = message.children[1]
    assert [child.name for child in first.children] == returned.split()
    inside = {child.name: [one.name for one in child.children] for child in first.children}
    assert inside["OrgnlGrpInf"] == ["OrgnlMsgId", "OrgnlMsgNmId"]
    assert inside["ChrgsInf"] == ["Amt", "Agt"]
    assert inside["RtrRsnInf"] == ["Rsn"]
