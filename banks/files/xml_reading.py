"""A bank's XML as a small tree, read so that no file can hurt the reader.

expat of the standard library, with everything off that a bank's message has no use for: a document
type (and with it every entity, external or expanding) is refused at its first character, and bytes,
elements and depth are bounded.
"""

import codecs
from dataclasses import dataclass, field
from xml.parsers import expat

from banks.files.errors import (
    BankFileError,
    EmptyFile,
    MalformedFile,
    Missing,
    Repeated,
    TooLarge,
    UnsafeFile,
    WrongMessage,
)

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_SPACE = " \t\r\n"
_NO_ATTRIBUTES: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. A camt.053 entry has 20 to 40 elements and 1 to 3 kB."""

    size: int = 64 * 1024 * 1024
    elements: int = 2_000_000
    depth: int = 32
    text: int = 10_000


LIMITS = Limits()


@dataclass(slots=True, eq=False)
class Element:
    """One element. `name` is without its namespace, which is the message's everywhere.

    `number` counts from 1 among its parent's children of this name; `counts` are those of its own
    children. Both are kept, because counting anew for every place takes a big file minutes.
    """

    name: str
    line: int
    parent: "Element | None" = field(repr=False)
    attributes: dict[str, str]
    text: str = ""
    children: "list[Element]" = field(default_factory=list, repr=False)
    number: int = 1
    counts: dict[str, int] = field(default_factory=dict, repr=False)

    def take(self, child: "Element") -> None:
        """Its next child."""
        child.number = self.counts[child.name] = self.counts.get(child.name, 0) + 1
        self.children.append(child)

    @property
    def place(self) -> str:
        """`Document/BkToCstmrStmt/Stmt/Ntry[3]/Amt, line 81`."""
        return f"{self._path()}, line {self.line}"

    def _path(self) -> str:
        if self.parent is None:
            return self.name
        which = f"[{self.number}]" if self.parent.counts[self.name] > 1 else ""
        return f"{self.parent._path()}/{self.name}{which}"

    def all(self, name: str) -> "list[Element]":
        return [child for child in self.children if child.name == name]

    def maybe(self, path: str) -> "Element | None":
        """The one element at `path` below this one. Raises Repeated when a step stands twice."""
        here = self
        for name in path.split("/"):
            found = None
            for child in here.children:
                if child.name == name:
                    if found is not None:
                        raise child.error(Repeated, f"a second {name} where one may stand")
                    found = child
            if found is None:
                return None
            here = found
        return here

    def one(self, path: str) -> "Element":
        """As `maybe`. Raises Missing."""
        found = self.maybe(path)
        if found is None:
            raise self.error(Missing, f"{path} is missing")
        return found

    def error(self, kind: type[BankFileError], why: str) -> BankFileError:
        return kind(why, self.place)


def read_message(data: bytes, versions: tuple[str, ...], limits: Limits = LIMITS) -> Element:
    """The message inside `Document`, such as `CstmrCdtTrfInitn`.

    `versions` are the ones that the caller understands: `pain.001.001.09`. Raises UnsafeFile,
    MalformedFile, EmptyFile, WrongMessage.
    """
    if len(data) > limits.size:
        raise TooLarge(f"{len(data)} bytes, {limits.size} are read at most", "file")
    if not data or data.isspace():
        raise EmptyFile("there is nothing in it", "file")
    # expat takes UTF-16 for what it is, whatever encoding it was given.
    if data[:2] in (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE) or b"\0" in data[:4]:
        raise MalformedFile("not written in UTF-8", "line 1")
    namespace, root = _Tree(limits).read(data)
    version = namespace.removeprefix(NAMESPACE)
    if root.name != "Document" or version not in versions:
        understood = " or ".join(versions)
        raise root.error(WrongMessage, f"{root.name} of {namespace!r} is not {understood}")
    if len(root.children) != 1:
        raise root.error(MalformedFile, "a Document has one message")
    return root.children[0]


class _Tree:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._here: Element | None = None
        self._root: Element | None = None
        self._namespace = ""
        self._depth = self._count = 0
        # The encoding is given, not guessed: UTF-8 is what ISO 20022 says.
        self._expat = expat.ParserCreate("UTF-8", " ")
        self._expat.buffer_text = True
        self._expat.XmlDeclHandler = self._declared
        self._expat.StartDoctypeDeclHandler = self._document_type
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters

    def read(self, data: bytes) -> tuple[str, Element]:
        try:
            self._expat.Parse(data, True)
        except expat.ExpatError as error:
            where = f"line {error.lineno}, column {error.offset}"
            raise MalformedFile(expat.ErrorString(error.code), where) from error
        assert self._root is not None, "expat has read a whole document"  # noqa: S101
        return self._namespace, self._root

    def _place(self) -> str:
        return f"line {self._expat.CurrentLineNumber}"

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() != "UTF-8":
            raise MalformedFile(f"written in {encoding}, not in UTF-8", self._place())

    def _document_type(self, *declared: object) -> None:
        raise UnsafeFile("a bank's message has no document type", self._place())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        self._depth += 1
        self._count += 1
        if self._depth > self._limits.depth:
            raise UnsafeFile(f"deeper than {self._limits.depth} elements", self._place())
        if self._count > self._limits.elements:
            raise TooLarge(f"more than {self._limits.elements} elements", self._place())
        if self._root is None:
            self._namespace = namespace
        # Of another namespace (an envelope of supplementary data): nobody's child by a plain name.
        called = local if namespace == self._namespace else f"{{{namespace}}}{local}"
        line = self._expat.CurrentLineNumber
        new = Element(called, line, self._here, attributes or _NO_ATTRIBUTES)
        if self._here is None:
            self._root = new
        else:
            self._here.take(new)
        self._here = new

    def _characters(self, text: str) -> None:
        # expat reports none outside the root. Indentation is skipped: a statement has megabytes.
        if self._here is None or (not self._here.text and not text.strip(_SPACE)):
            return
        if len(self._here.text) + len(text) > self._limits.text:
            raise TooLarge(f"more than {self._limits.text} characters in one text", self._place())
        self._here.text += text

    def _end(self, name: str) -> None:
        closed = self._here
        assert closed is not None, "expat pairs every end with its start"  # noqa: S101
        closed.text = closed.text.strip(_SPACE)
        if closed.text and closed.children:
            raise closed.error(MalformedFile, "text between elements")
        self._depth -= 1
        self._here = closed.parent
