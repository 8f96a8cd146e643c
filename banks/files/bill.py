"""A bank's bill is read: a statement as Chinese payment companies write it, CSV, often zipped.

Lines of `#` stand before and after the rows and say what they must add up to. GB18030 (which has
GBK in it) or UTF-8, amounts in yuan with marks at the thousands, numbers guarded by backquotes
and tabs.
"""

import re

from banks.files.archives import ARCHIVE_LIMITS, MAGIC, ArchiveLimits, members
from banks.files.bill_cells import (
    ACCOUNT,
    BALANCE,
    BOOKED,
    CHARGES,
    CLOSING,
    COLUMNS,
    CURRENCY,
    ENTRY,
    INCOME,
    KIND,
    KINDS,
    OPENING,
    OUTGO,
    PARTY,
    PAYMENT,
    REASON,
    REFERENCE,
    RETURNED,
    REVERSED,
    TEXT,
    VALUE,
    day,
    moment,
    movement_of,
    plain,
    yuan,
)  # fmt: skip
from banks.files.bill_lines import Lines, Row, decoded, taken_apart
from banks.files.bill_summary import SUMMARY_COLUMNS, TOTAL_OF, check_summary, totals
from banks.files.errors import (
    BadValue,
    CountMismatch,
    IncompleteFile,
    Missing,
    SumMismatch,
    Unbalanced,
)
from banks.files.statements import Balance, Entry, Movement, Statement, check_entry
from banks.files.values import Account, Reason, Side, check_text

_TOTAL = re.compile(r"#(收入|支出)合计：([0-9]+)笔，共([-+0-9.,]+)元")


def read(
    data: bytes,
    name: str = "bill",
    limits: ArchiveLimits = ARCHIVE_LIMITS,
    *,
    may_be_empty: bool = False,
) -> Statement:
    """The statement in a CSV file, or in a zip archive with one such file in it.

    A summary beside it in the archive is checked against it. Raises BankFileError's kinds; one
    without entries is EmptyFile, unless `may_be_empty`.
    """
    if not data.startswith(MAGIC):
        return _read_rows(data, name, may_be_empty=may_be_empty)
    found = members(data, limits)
    rows = [one for one in found if _has(one.data, ENTRY)]
    if len(rows) != 1:
        raise IncompleteFile(f"{len(rows)} files with rows in it, not one", name)
    statement = _read_rows(rows[0].data, rows[0].name, may_be_empty=may_be_empty)
    for one in found:
        if _has(one.data, TOTAL_OF):
            text = decoded(one.data, one.name, TOTAL_OF)
            check_summary(taken_apart(text, one.name, SUMMARY_COLUMNS), statement)
    return statement


def _has(data: bytes, column: str) -> bool:
    return any(column.encode(encoding) in data for encoding in ("utf-8", "gb18030"))


def _read_rows(data: bytes, name: str, *, may_be_empty: bool) -> Statement:
    lines = taken_apart(decoded(data, name, ENTRY), name, COLUMNS)
    if lines.value("币种") != CURRENCY:
        raise BadValue(f"in {lines.said['币种']!r}, not in yuan", name)
    opening, closing = (yuan(lines.value(key), name) for key in (OPENING, CLOSING))
    sequence = lines.value("序号")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 18):
        raise BadValue(f"{sequence[:40]!r} is no sequence number", name)
    statement = Statement(
        id=_text(lines.value("账单号"), 35, name),
        sequence=int(sequence),
        created_at=moment(lines.value("生成时间"), name),
        account=Account(_text(lines.value("账号"), 34, name)),
        currency=CURRENCY,
        opening=Balance(opening, day(lines.value("起始日期"), name)),
        closing=Balance(closing, day(lines.value("终止日期"), name)),
        entries=_entries(lines.rows, opening),
    )
    statement.check(name, may_be_empty=may_be_empty)
    _check_foot(lines, statement)
    return statement


def _entries(rows: list[Row], opening: int) -> tuple[Entry, ...]:
    """Each row's balance must be the one before and its amount."""
    entries: list[Entry] = []
    balance = opening
    for row in rows:
        entry = _entry(row)
        balance += entry.signed
        if yuan(row.cells[BALANCE], row.place) != balance:
            raise Unbalanced(f"the balance before and the amount make {balance} fen", row.place)
        entries.append(entry)
    return tuple(entries)


def _entry(row: Row) -> Entry:
    cell, place = row.cells, row.place
    signed = movement_of(yuan(cell[INCOME], place), yuan(cell[OUTGO], place), place)
    side, kind = Side.of(signed), plain(cell[KIND])
    returned = _reason(plain(cell[REASON]), kind, place)
    account = plain(cell[ACCOUNT])
    movement = Movement(
        amount=abs(signed),
        side=side,
        reference=_text_if(cell[REFERENCE], 64, place),
        bank_reference=_text_if(cell[PAYMENT], 35, place),
        charges=yuan(cell[CHARGES], place),
        returned=returned,
        party=_text_if(cell[PARTY], 140, place),
        account=Account(_text(account, 34, place)) if account else None,
        text=_text_if(cell[TEXT], 140, place),
    )
    booked_on = day(cell[BOOKED], place)
    entry = Entry(
        amount=abs(signed),
        side=side,
        booked_on=booked_on,
        value_on=day(cell[VALUE], place) if plain(cell[VALUE]) else booked_on,
        movements=(movement,),
        bank_reference=_text(plain(cell[ENTRY]), 35, place),
        reversal=kind == REVERSED,
    )
    check_entry(entry, place)
    return entry


def _reason(said: str, kind: str, place: str) -> Reason | None:
    """`AC04 account closed`: a code and words."""
    if kind not in KINDS:
        raise BadValue(f"{kind!r} is none of {'、'.join(KINDS)}", place)
    if kind == RETURNED and not said:
        raise Missing("a payment that came back without a reason", place)
    if not said:
        return None
    if kind not in (RETURNED, REVERSED):
        raise BadValue(f"a reason to come back, and yet {kind}", place)
    code, _, words = said.partition(" ")
    return Reason(_text(code, 35, place), _text_if(words, 105, place))


def _text(text: str, limit: int, place: str) -> str:
    check_text(text, limit, place)
    return text


def _text_if(cell: str, limit: int, place: str) -> str:
    bare = plain(cell)
    return _text(bare, limit, place) if bare else ""


def _check_foot(lines: Lines, statement: Statement) -> None:
    said = {found[1]: found for line in lines.foot if (found := _TOTAL.match(line))}
    for word, side in (("收入", Side.CREDIT), ("支出", Side.DEBIT)):
        if word not in said:
            raise Missing(f"#{word}合计 is missing", lines.name)
        count, total = totals(statement.entries, side)
        if int(said[word][2]) != count:
            raise CountMismatch(f"{said[word][2]}笔 are said, {count} are there", lines.name)
        if abs(yuan(said[word][3], lines.name)) != total:
            raise SumMismatch(f"{said[word][3]}元 is said, {total} fen are there", lines.name)
