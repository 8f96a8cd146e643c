"""A file of a bank's, as a statement of ours: camt.053 or a bill, by its first bytes."""

from banks.files import bill, camt053
from banks.files.errors import BankFileError
from banks.files.statements import Movement, Statement
from banks.files.values import Side
from domain.reconciliation import Line, Way
from reconciliation.port import Unreadable

#: What XML begins with, and nothing that is a bill.
XML = (b"<", b"\xef\xbb\xbf<")


def read(content: bytes, name: str) -> Statement:
    """It may have no line. Raises Unreadable."""
    try:
        if not content.lstrip().startswith(XML):
            return bill.read(content, name, may_be_empty=True)
        statements = camt053.read(content, may_be_empty=True)
    except BankFileError as wrong:
        raise Unreadable(f"{name}: {wrong}") from wrong
    if len(statements) != 1:
        raise Unreadable(f"{name}: {len(statements)} statements in one file")
    return statements[0]


def line_of(movement: Movement) -> Line:
    """What a bank gave back on the way is no charge: the amount differs, and is looked at."""
    way = Way.IN if movement.side is Side.CREDIT else Way.OUT
    return Line(way, movement.amount, max(movement.charges, 0), movement.reference)
