"""The summary beside a bill's rows in its archive: how many of each kind, and how much."""

from collections.abc import Iterable

from banks.files.bill_cells import (
    CHARGES,
    INCOME,
    KINDS,
    OUTGO,
    PAID,
    RECEIVED,
    RETURNED,
    REVERSED,
    plain,
    yuan,
)
from banks.files.bill_lines import Lines
from banks.files.errors import BadValue, CountMismatch, Missing, Repeated, SumMismatch
from banks.files.statements import Entry, Statement
from banks.files.values import Side

#: The first column, which no other file of an archive has.
TOTAL_OF = "汇总类型"
INCOMES, OUTGOES = "收入笔数", "支出笔数"
SUMMARY_COLUMNS = (TOTAL_OF, INCOMES, INCOME, OUTGOES, OUTGO, CHARGES)
#: The last row, of all kinds together.
ALL = "合计"


def kind_of(entry: Entry) -> str:
    """What the bill calls it."""
    if entry.reversal:
        return REVERSED
    if entry.movements[0].returned:
        return RETURNED
    return RECEIVED if entry.side is Side.CREDIT else PAID


def totals(entries: Iterable[Entry], side: Side) -> tuple[int, int]:
    """Count and sum of the entries of this side."""
    amounts = [entry.amount for entry in entries if entry.side is side]
    return len(amounts), sum(amounts)


def summary(statement: Statement) -> dict[str, tuple[int, int, int, int, int]]:
    """By kind, and of all: incomes, their sum, outgoes, their sum, charges (signed)."""
    kinds = {kind: [one for one in statement.entries if kind_of(one) == kind] for kind in KINDS}
    parts = {kind: entries for kind, entries in kinds.items() if entries}
    return {kind: _line(entries) for kind, entries in parts.items()} | {
        ALL: _line(statement.entries)
    }


def _line(entries: Iterable[Entry]) -> tuple[int, int, int, int, int]:
    every = tuple(entries)
    charges = sum(entry.movements[0].charges for entry in every)
    return *totals(every, Side.CREDIT), *totals(every, Side.DEBIT), charges


def check_summary(lines: Lines, statement: Statement) -> None:
    """Raises CountMismatch, SumMismatch, Missing, Repeated, BadValue."""
    right = summary(statement)
    if lines.value("账单号") != statement.id:
        raise BadValue(f"of bill {lines.said['账单号']!r}, not {statement.id!r}", lines.name)
    seen = set[str]()
    for row in lines.rows:
        kind = plain(row.cells[TOTAL_OF])
        if kind in seen:
            raise Repeated(f"{kind} stands twice", row.place)
        seen.add(kind)
        incomes, income, outgoes, outgo, charges = right.get(kind, (0, 0, 0, 0, 0))
        for column, count in ((INCOMES, incomes), (OUTGOES, outgoes)):
            if plain(row.cells[column]) != str(count):
                raise CountMismatch(f"{column} of {kind} is {count}", row.place)
        for column, total in ((INCOME, income), (OUTGO, outgo), (CHARGES, charges)):
            said = yuan(row.cells[column], row.place)
            if (abs(said) if column == OUTGO else said) != total:
                raise SumMismatch(f"{column} of {kind} is {total} fen", row.place)
    if missing := right.keys() - seen:
        raise Missing(f"no line {min(missing)}", lines.name)
