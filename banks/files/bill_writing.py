"""A bank's bill is written: what our sandbox bank sends besides camt.053, and what a test needs."""

import csv
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO

from banks.files.bill_cells import (
    CLOSING,
    COLUMNS,
    CURRENCY,
    OPENING,
    guarded,
    in_china,
    in_yuan,
)
from banks.files.bill_summary import SUMMARY_COLUMNS, kind_of, summary, totals
from banks.files.errors import BadValue, CurrencyMismatch, Missing
from banks.files.statements import Entry, Statement, check_entry
from banks.files.values import Side, check_text

_RULE = "-" * 40
_ROWS, _SUMMARY = "账务明细", "账务汇总"


def write(statement: Statement, encoding: str = "gb18030", *, may_be_empty: bool = False) -> bytes:
    """The rows as CSV. Raises BankFileError's kinds.

    A bill is in yuan and has no batches; its times are China's, to the second.
    """
    place = f"bill {statement.id}"
    _check(statement, place, may_be_empty=may_be_empty)
    head = [
        *_head(statement, place, _ROWS),
        _said(OPENING, statement.opening.amount, place),
    ]
    incomes, income = totals(statement.entries, Side.CREDIT)
    outgoes, outgo = totals(statement.entries, Side.DEBIT)
    foot = [
        f"#支出合计：{outgoes}笔，共{in_yuan(-outgo, place)}元",
        f"#收入合计：{incomes}笔，共{in_yuan(income, place)}元",
        _said(CLOSING, statement.closing.amount, place),
    ]
    return _file(_ROWS, head, COLUMNS, _rows(statement, place), foot).encode(encoding)


def write_summary(
    statement: Statement, encoding: str = "gb18030", *, may_be_empty: bool = False
) -> bytes:
    """How many of each kind, and how much, as CSV. Raises as `write`."""
    place = f"bill {statement.id}"
    _check(statement, place, may_be_empty=may_be_empty)
    rows = [
        [kind, incomes, in_yuan(income, place), outgoes, in_yuan(-outgo, place),
         in_yuan(charges, place)]
        for kind, (incomes, income, outgoes, outgo, charges) in summary(statement).items()
    ]  # fmt: skip
    head = _head(statement, place, _SUMMARY)
    return _file(_SUMMARY, head, SUMMARY_COLUMNS, rows, []).encode(encoding)


def write_zip(statement: Statement, *, may_be_empty: bool = False) -> bytes:
    """Both in one archive, the same bytes whenever it is written. Raises as `write`."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        files = (
            (_ROWS, write(statement, may_be_empty=may_be_empty)),
            (_SUMMARY, write_summary(statement, may_be_empty=may_be_empty)),
        )
        for kind, data in files:
            name = f"{statement.closing.on:%Y%m%d}_{kind}.csv"
            # With zip's first day for a date: a file of today's would differ tomorrow.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _check(statement: Statement, place: str, *, may_be_empty: bool) -> None:
    statement.check(place, may_be_empty=may_be_empty)
    if statement.currency != CURRENCY:
        raise CurrencyMismatch(f"in {statement.currency}, a bill is in yuan", place)
    for name in (statement.id, statement.account.number):
        check_text(name, 35, place)
        if "[" in name or "]" in name:
            raise BadValue(f"{name!r} has brackets", place)


def _head(statement: Statement, place: str, kind: str) -> list[str]:
    created = in_china(statement.created_at, place)
    return [
        f"#{kind}查询",
        f"#账单号：[{statement.id}]",
        f"#序号：[{statement.sequence}]",
        f"#账号：[{statement.account.number}]",
        f"#币种：[{statement.currency}]",
        f"#起始日期：[{statement.opening.on}]   终止日期：[{statement.closing.on}]",
        f"#生成时间：[{created}]",
    ]


def _said(key: str, amount: int, place: str) -> str:
    return f"#{key}：[{in_yuan(amount, place)}]"


def _rows(statement: Statement, place: str) -> Iterable[Sequence[str]]:
    balance = statement.opening.amount
    for number, entry in enumerate(statement.entries, start=1):
        balance += entry.signed
        yield _row(entry, balance, f"{place}, entry {number}")


def _row(entry: Entry, balance: int, place: str) -> Sequence[str]:
    check_entry(entry, place)
    if len(entry.movements) > 1 or entry.batch:
        raise BadValue("a bill has no batches", place)
    if not entry.bank_reference:
        raise Missing("a bill names every booking", place)
    movement = entry.movements[0]
    reason = movement.returned
    if reason and " " in reason.code:
        raise BadValue(f"{reason.code!r} is no code", place)
    account = movement.account.number if movement.account else ""
    came_back = f"{reason.code} {reason.text}".strip(" ") if reason else ""
    limits = (35, 35, 64, 140, 34, 141, 140)
    texts = (
        entry.bank_reference, movement.bank_reference, movement.reference, movement.party, account,
        came_back, movement.text,
    )  # fmt: skip
    for text, limit in zip(texts, limits, strict=True):
        if text:
            check_text(text, limit, place)
    booking, payment, reference, party, account, came_back, words = map(guarded, texts)
    income, outgo = (entry.signed, 0) if entry.signed > 0 else (0, entry.signed)
    return (
        booking, payment, reference, entry.booked_on.isoformat(), entry.value_on.isoformat(),
        party, account, in_yuan(income, place), in_yuan(outgo, place),
        in_yuan(movement.charges, place), in_yuan(balance, place), kind_of(entry), came_back, words,
    )  # fmt: skip


def _file(
    kind: str,
    head: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    foot: Sequence[str],
) -> str:
    written = StringIO()
    for line in (*head, f"#{_RULE}{kind}列表{_RULE}"):
        written.write(line + "\r\n")
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(columns)
    table.writerows(rows)
    for line in (f"#{_RULE}{kind}列表结束{_RULE}", *foot):
        written.write(line + "\r\n")
    return written.getvalue()
