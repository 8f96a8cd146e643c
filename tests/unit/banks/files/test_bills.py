"""Bills as real ones are: GBK, yuan with marks, guarded numbers, zipped, with sums at the foot."""

import zipfile
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from hypothesis import given, settings

from banks.files import bill, bill_writing
from banks.files.archives import ArchiveLimits
from banks.files.errors import (
    BadValue,
    BankFileError,
    CountMismatch,
    CurrencyMismatch,
    EmptyFile,
    IncompleteFile,
    MalformedFile,
    Missing,
    Repeated,
    SumMismatch,
    TooLarge,
    Unbalanced,
    UnsafeFile,
    WrongAmount,
)
from banks.files.statements import Statement
from banks.files.values import Reason
from tests import any_bank_file
from tests import bank_files as some

IN, OUT = some.an_entry(123_456_789, bank_reference="77"), some.an_entry(-500, "R-2", "78")
BILL = some.a_statement(IN, OUT)
few = settings(max_examples=25, deadline=None)


def text() -> str:
    return bill_writing.write(BILL).decode("gb18030")


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", method) as opened:
        for name, data in files:
            opened.writestr(name, data)
    return archive.getvalue()


@few
@given(any_bank_file.bills())
def test_a_bill_is_read_as_it_was_written(statement: Statement) -> None:
    assert bill.read(bill_writing.write(statement)) == statement
    assert bill.read(bill_writing.write_zip(statement)) == statement


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_the_encoding_is_the_one_that_shows_the_columns(encoding: str) -> None:
    assert bill.read(bill_writing.write(BILL, encoding)) == BILL


def test_amounts_have_marks_at_the_thousands_and_a_sign_or_none() -> None:
    assert '"1,234,567.89"' in text()
    for written in ("1234567.89", '"+1,234,567.89"', '`"1,234,567.89"'.replace("`", "")):
        other = text().replace('"1,234,567.89"', written, 1)
        assert bill.read(other.encode("gbk")) == BILL
    assert bill.read(text().replace(",-5.00,", ",5,", 1).encode("gbk")) == BILL


def test_numbers_are_guarded_by_backquotes_and_tabs() -> None:
    assert "`77,`77," in text()
    tabs = text().replace("`77,`77,", "77\t,\t77,").replace(",收款,", ",收款 \t,")
    assert bill.read(tabs.encode("gbk")) == BILL


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    movement = replace(IN.movements[0], text="=HYPERLINK(1)", party="`@x")
    evil = some.a_statement(replace(IN, movements=(movement,)))
    written = bill_writing.write(evil)
    assert b",=" not in written
    assert bill.read(written) == evil


def test_columns_may_stand_in_another_order_and_have_others_between() -> None:
    def turned(line: str) -> str:
        first, sign, rest = line.partition(",")
        return f"{rest},more,{first}" if sign and not line.startswith("#") else line

    lines = [turned(line) for line in text().replace('"1,234,567.89"', "1234567.89", 1)
             .replace('"1,235,067.89"', "1235067.89").replace('"1,235,062.89"', "1235062.89", 1)
             .split("\r\n")]  # fmt: skip
    assert bill.read("\n".join(lines).encode("gbk")) == BILL


def test_a_returned_payment_has_its_reason() -> None:
    back = replace(IN.movements[0], returned=Reason("AC04", "account closed"))
    statement = some.a_statement(replace(IN, movements=(back,)))
    written = bill_writing.write(statement)
    assert "退票,`AC04 account closed".encode("gbk") in written
    assert bill.read(written) == statement


@pytest.mark.parametrize(
    ("old", "new", "kind", "place"),
    [
        ('"1,234,567.89"', '"12,34,567.89"', WrongAmount, "line 11"),
        ('"1,234,567.89"', '"1,234,567.890"', WrongAmount, "line 11"),
        ('"1,234,567.89"', "1.2e6", WrongAmount, "line 11"),
        ('"1,234,567.89"', "１２３", WrongAmount, "line 11"),
        ('"1,234,567.89"', "-5.00", WrongAmount, "line 11"),
        ('"1,234,567.89"', "0.00", WrongAmount, "line 11"),
        ('"1,234,567.89"', '"1,234,567.88"', Unbalanced, "line 11"),
        (",0.00,-5.00,", ",5.00,-5.00,", WrongAmount, "line 12"),
        ("2026-11-23,2026-11-23", "23.11.2026,2026-11-23", BadValue, "line 11"),
        (",收款,", ",利息,", BadValue, "line 11"),
        (",收款,", ",退票,", Missing, "line 11"),
        (",付款,,", ",付款,AC04,", BadValue, "line 12"),
        ("`77,`77", "`77", BadValue, "line 11"),
        ("`77,`77", '"77,`77', MalformedFile, "line 11"),
        ("`77,", ",", Missing, "line 11"),
        (",商户订单号,", ",订单号,", Missing, "line 10"),
        (",商户订单号,", ",业务流水号,商户订单号,", Repeated, "line 10"),
        ("期初余额（元）：[500.00]", "期初余额（元）：[499.99]", Unbalanced, "line 11"),
        ("期末余额（元）：[1", "期末余额（元）：[2", Unbalanced, "bill"),
        ("期末余额（元）", "余额", Missing, "bill"),
        ("支出合计：1笔", "支出合计：2笔", CountMismatch, "bill"),
        ("收入合计：1笔，共1,", "收入合计：1笔，共2,", SumMismatch, "bill"),
        ("#收入合计", "#小计", Missing, "bill"),
        ("序号：[7]", "序号：[七]", BadValue, "bill"),
        ("序号：[7]", "序号：[]", Missing, "bill"),
        ("序号：[7]", "序号：[7] 序号：[8]", Repeated, "line 3"),
        ("币种：[CNY]", "币种：[USD]", BadValue, "bill"),
        ("列表结束", "列表", IncompleteFile, "bill"),
        ("#支出合计", "`79\r\n#支出合计", MalformedFile, "line 14"),
        ("账务流水号", "流水号", MalformedFile, "bill"),
    ],
)
def test_a_wrong_bill_says_what_and_where(
    old: str, new: str, kind: type[BankFileError], place: str
) -> None:
    assert old in text()
    with pytest.raises(kind) as refused:
        bill.read(text().replace(old, new, 1).encode("gb18030"))
    assert type(refused.value) is kind
    assert place in refused.value.place


def test_a_bill_that_was_cut_off_is_refused_wherever_it_ends() -> None:
    written = bill_writing.write(BILL)
    for end in range(0, len(written.rstrip()) - 2, 23):
        with pytest.raises(BankFileError):
            bill.read(written[:end])


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BILL, currency="USD"),
        replace(BILL, entries=()),
        replace(BILL, id="S]"),
        replace(BILL, created_at=datetime(2026, 11, 23)),  # noqa: DTZ001
        some.a_statement(replace(IN, bank_reference="")),
        some.a_statement(replace(IN, batch="B-1")),
        some.a_statement(replace(IN, amount=2 * IN.amount, movements=IN.movements * 2)),
    ],
)
def test_what_a_bill_can_t_say_is_not_written(wrong: Statement) -> None:
    with pytest.raises(BankFileError):
        bill_writing.write_zip(wrong)


def test_a_bill_in_euros_is_no_bill() -> None:
    with pytest.raises(CurrencyMismatch, match="yuan"):
        bill_writing.write(replace(BILL, currency="EUR"))


def test_an_archive_has_rows_and_a_summary_that_agree() -> None:
    rows, summed = bill_writing.write(BILL), bill_writing.write_summary(BILL)
    both = ("a.csv", rows), ("b.csv", summed)
    assert bill.read(packed(*both, ("notice.txt", b"read me"))) == BILL
    for old, new, kind in (
        ("收款,1,", "收款,2,", CountMismatch),
        ('"1,234,567.89"', '"1,234,567.88"', SumMismatch),
        ("合计,", "共计,", CountMismatch),
        ("付款,", "收款,", Repeated),
        ("账单号：[S-7]", "账单号：[S-6]", BadValue),
    ):
        wrong = summed.decode("gbk").replace(old, new, 1).encode("gbk")
        assert wrong != summed
        with pytest.raises(kind, match=r"b\.csv"):
            bill.read(packed(both[0], ("b.csv", wrong)))


def test_an_archive_has_one_file_of_rows() -> None:
    rows = bill_writing.write(BILL)
    for files in ([("a.csv", rows), ("b.csv", rows)], [("a.txt", b"nothing")]):
        with pytest.raises(IncompleteFile, match="not one"):
            bill.read(packed(*files))


def test_names_in_an_archive_may_be_gbk() -> None:
    written = packed(("0123.csv", bill_writing.write(replace(BILL, sequence=8))))
    named = written.replace(b"0123", "账单".encode("gbk"))
    wrong = named.replace(b"0123", b"")
    assert bill.read(wrong).sequence == 8


def test_a_zip_bomb_is_opened_to_its_limit_only() -> None:
    bomb = packed(("a.csv", b"0" * 10_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(TooLarge, match="more than 1000000 bytes"):
        bill.read(bomb, limits=ArchiveLimits(size=1_000_000))
    with pytest.raises(TooLarge, match="opened at most"):
        bill.read(bomb, limits=ArchiveLimits(packed=1_000))
    with pytest.raises(TooLarge, match="2 files"):
        bill.read(packed(("a", b""), ("b", b"")), limits=ArchiveLimits(members=1))


def test_the_sizes_that_an_archive_states_are_not_believed() -> None:
    size = 5_000_000
    bomb = packed(("a.csv", b"0" * size)).replace(size.to_bytes(4, "little"), b"\x01\0\0\0")
    with pytest.raises(MalformedFile, match="CRC"):
        bill.read(bomb, limits=ArchiveLimits(size=1_000))


def test_an_archive_in_an_archive_is_not_opened() -> None:
    inner = bill_writing.write_zip(BILL)
    with pytest.raises(IncompleteFile):
        bill.read(packed(("inner.zip", inner)))


def test_only_what_banks_use_of_zip_is_opened() -> None:
    rows = bill_writing.write(BILL)
    with pytest.raises(UnsafeFile, match="zip's own way"):
        bill.read(packed(("a.csv", rows), method=zipfile.ZIP_BZIP2))
    locked = bytearray(packed(("a.csv", rows)))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(header) + flags] |= 1
    with pytest.raises(UnsafeFile, match="password"):
        bill.read(bytes(locked))


def test_a_broken_archive_is_an_error() -> None:
    whole = bill_writing.write_zip(BILL)
    for end in range(4, len(whole), 101):
        with pytest.raises(BankFileError):
            bill.read(whole[:end])
    with pytest.raises(EmptyFile):
        bill.read(packed(("folder/", b"")))


def test_the_same_statement_is_the_same_archive() -> None:
    assert bill_writing.write_zip(BILL) == bill_writing.write_zip(BILL)
