"""What a statement says of the custody account: the journal's lines, and what goes wrong in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from banks.files import bill_writing, camt053_writing
from banks.files.bill_cells import CURRENCY as YUAN
from banks.files.errors import BadValue
from banks.files.references import shortened as short_form
from banks.files.statements import Balance, Entry, Movement, Statement
from banks.files.values import Account, Reason, Side
from banks.sandbox.magic import Kind, shortened

#: Of each currency there is one, `CUSTODY-CNY`: that of yuan from the beginning, the others from
#: their first booking on.
ACCOUNT = "CUSTODY"

_REASONS = {"account_closed": "AC04", "no_such_account": "AC01"}


@dataclass(frozen=True, slots=True)
class Line:
    """One booking on a custody account; `into` it or out of it.

    `holder`, `account` and `code` are those of the remittance that it is about.
    """

    id: int
    kind: str
    reference: str
    into: bool
    amount: int
    currency: str
    postponed: bool = False
    holder: str = ""
    account: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A statement in one of its formats, `camt.053` or `bill`."""

    format: str
    name: str
    media_type: str
    data: bytes


def account_of(currency: str) -> str:
    return f"{ACCOUNT}-{currency}"


def entries_of(line: Line, day: date, met: Collection[Kind]) -> tuple[Entry, ...]:
    """How the statement shows a line that meets these faults: once, mostly."""
    if Kind.MISSING in met:
        return ()
    amount = shortened(line.amount) if Kind.SHORT in met else line.amount
    one = _entry(line, day, amount)
    if Kind.FOREIGN in met:
        return one, _foreign(line, day)
    return (one, one) if Kind.DOUBLED in met else (one,)


def statement_of(
    currency: str,
    sequence: int,
    day: date,
    opening: int,
    entries: Sequence[Entry],
    created_at: datetime,
) -> Statement:
    """Closes with what the entries make of `opening`."""
    account = account_of(currency)
    return Statement(
        id=f"{account}-{sequence}",
        sequence=sequence,
        created_at=created_at.replace(microsecond=0),
        account=Account(account),
        currency=currency,
        opening=Balance(opening, day),
        closing=Balance(opening + sum(one.signed for one in entries), day),
        entries=tuple(entries),
    )


def files_of(statement: Statement) -> tuple[File, ...]:
    """As camt.053, and as a zipped bill if it is in yuan."""
    name = f"{statement.closing.on:%Y%m%d}_{statement.id}"
    at = statement.created_at
    xml = camt053_writing.write(statement.id, at, (statement,), may_be_empty=True)
    camt = File("camt.053", f"{name}.xml", "application/xml", xml)
    if statement.currency != YUAN:
        return (camt,)
    packed = bill_writing.write_zip(statement, may_be_empty=True)
    return camt, File("bill", f"{name}.zip", "application/zip", packed)


def _entry(line: Line, day: date, amount: int) -> Entry:
    came_back = line.kind in ("return", "reject")
    side = Side.CREDIT if line.into else Side.DEBIT
    reference = _reference(line.reference)
    movement = Movement(
        amount=amount,
        side=side,
        reference=reference,
        bank_reference=_own(line),
        # A fee is nothing but charges.
        charges=amount if line.kind == "fee" else 0,
        returned=Reason(_REASONS.get(line.code, line.code)) if came_back else None,
        party=_clean(line.holder),
        account=Account(line.account) if line.account else None,
        text=line.kind if reference else _clean(f"{line.kind} {line.reference}"),
    )
    return Entry(amount, side, day, day, (movement,), _own(line), reversal=line.kind == "reject")


def _foreign(line: Line, day: date) -> Entry:
    """Somebody else's money, as much as the line before."""
    name = f"X{line.id:012d}"
    movement = Movement(line.amount, Side.CREDIT, bank_reference=name, text="not known here")
    return Entry(line.amount, Side.CREDIT, day, day, (movement,), name)


def _own(line: Line) -> str:
    return f"T{line.id:012d}"


def _reference(reference: str) -> str:
    """ "" for one that a file has no room for; it stands in the text then."""
    try:
        short_form(reference, "reference")
    except BadValue:
        return ""
    return reference


def _clean(words: str) -> str:
    """What a file can carry: people type anything into a name."""
    printable = "".join(sign if sign.isprintable() else " " for sign in words)
    return printable[:140].strip(" ")
