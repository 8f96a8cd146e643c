"""The lines of a bill: what it says of itself before and after its rows, and the rows."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from banks.files.errors import (
    BadValue,
    EmptyFile,
    IncompleteFile,
    MalformedFile,
    Missing,
    Repeated,
    TooLarge,
)

MAX_SIZE = 64 * 1024 * 1024
MAX_LINES = 500_000

_SAID = re.compile(r"([^\s#：\[\]]+)：\[([^\[\]]*)\]")
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by the names of its columns. `place` is `账务明细.csv, line 12`."""

    cells: dict[str, str]
    place: str


@dataclass(slots=True)
class Lines:
    """A file taken apart: `said` is every `#名称：[value]`, `foot` the lines behind the rows."""

    name: str
    said: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    foot: list[str] = field(default_factory=list)

    def value(self, key: str) -> str:
        """Raises Missing."""
        if not self.said.get(key):
            raise Missing(f"{key} is missing", self.name)
        return self.said[key]


def decoded(data: bytes, name: str, sign: str) -> str:
    """The text in the encoding in which `sign` is in it. Raises TooLarge, EmptyFile, MalformedFile.

    A file of few Chinese characters can be valid in both encodings, so validity decides nothing.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"{len(data)} bytes, {MAX_SIZE} are read at most", name)
    if not data or data.isspace():
        raise EmptyFile("there is nothing in it", name)
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if sign in text:
            return text
    raise MalformedFile(f"no column {sign} in UTF-8 or GB18030", name)


def taken_apart(text: str, name: str, columns: Sequence[str]) -> Lines:
    """The lines of a file whose header has `columns`, in any order, perhaps with others.

    Raises MalformedFile, IncompleteFile (no line `#…结束`), Missing, Repeated, TooLarge, BadValue.
    """
    found = Lines(name)
    header: list[str] = []
    ended = False
    # Not splitlines: a text may have one of the other line ends of Unicode in it.
    for number, line in enumerate(text.split("\n"), start=1):
        place = f"{name}, line {number}"
        bare = line.strip(" \t\r")
        if number > MAX_LINES:
            raise TooLarge(f"more than {MAX_LINES} lines", place)
        if not bare:
            continue
        if bare.startswith("#"):
            _say(found, bare, place)
            if header:
                found.foot.append(bare)
                ended = ended or bare.rstrip("-").endswith("结束")
        elif ended:
            raise MalformedFile("a row behind the end of the rows", place)
        elif not header:
            header = _header(_cells(bare, place), columns, place)
        else:
            found.rows.append(_row(_cells(bare, place), header, place))
    if not ended:
        raise IncompleteFile("the line that ends the rows is missing: it was cut off", name)
    return found


def _say(found: Lines, line: str, place: str) -> None:
    for key, value in _SAID.findall(line):
        if key in found.said:
            raise Repeated(f"{key} stands twice", place)
        found.said[key] = value.strip()


def _cells(line: str, place: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise MalformedFile(f"no line of CSV: {error}", place) from error


def _header(cells: list[str], columns: Sequence[str], place: str) -> list[str]:
    header = [cell.strip(" \t") for cell in cells]
    for column in columns:
        if header.count(column) > 1:
            raise Repeated(f"two columns {column}", place)
        if column not in header:
            raise Missing(f"no column {column}", place)
    return header


def _row(cells: list[str], header: list[str], place: str) -> Row:
    # Some bills have a comma behind the last cell of a row.
    if len(cells) == len(header) + 1 and not cells[-1].strip(" \t"):
        cells = cells[:-1]
    if len(cells) != len(header):
        raise BadValue(f"{len(cells)} cells under {len(header)} columns", place)
    return Row(dict(zip(header, cells, strict=True)), place)
