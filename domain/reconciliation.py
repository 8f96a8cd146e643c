"""What a line of a bank's statement says about our books, and what that makes of the money.

Three things are held against each other: the line, what we told the bank to do and heard of it (the
operation of the line's reference), and, by the legs that a verdict posts, the ledger. Cash follows
the statement, always and at once; what the statement and we disagree about stands in suspense and
in a break, until somebody has explained it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.accounts import (
    BANK_FEE,
    PAYOUT_IN_TRANSIT,
    REFUND_IN_TRANSIT,
    SUSPENSE,
    Account,
    Code,
    Journal,
)
from domain.postings import journal

#: What happened this short before a statement was made may stand in the next one.
CUT_OFF = timedelta(minutes=15)
#: So many later statements may pass before what is not in them is missing.
PATIENCE = 2


class Way(StrEnum):
    """Seen from our account at the bank."""

    IN = "in"
    OUT = "out"

    @property
    def back(self) -> "Way":
        return Way.OUT if self is Way.IN else Way.IN


class Heard(StrEnum):
    """What we know of an operation. `open`: nobody has told us yet what became of it."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


class Rule(StrEnum):
    """Why a line and an operation belong together."""

    REFERENCE = "reference"
    #: The operation's outcome was unknown: the statement decides it.
    DECIDED = "decided"
    #: The line was late: it had been waited for.
    LATE = "late"
    #: Money that we paid out and that came back, as we had heard.
    RETURN = "return"


class Kind(StrEnum):
    """How statement and books differ."""

    #: We have it, this statement does not: the next one may.
    TIMING = "timing"
    #: As TIMING, and it happened so late that it was to be expected.
    CUT_OFF = "cut_off"
    #: The bank has it, we don't, or were told that it did not happen.
    MISSING_OURS = "missing_ours"
    #: We have it, and the bank's statements have not shown it for too long.
    MISSING_THEIRS = "missing_theirs"
    AMOUNT = "amount"
    DUPLICATE = "duplicate"
    #: The bank took something for itself that was not agreed.
    FEE = "fee"
    #: Money came back, or was taken back, and we had not heard of it.
    RETURN = "return"
    #: A statement without a line: never read as "nothing happened".
    EMPTY = "empty"


#: What goes away by itself when the line comes.
PASSING = (Kind.TIMING, Kind.CUT_OFF)


class Purpose(StrEnum):
    """What an operation's money is, and so where it stands until the statement shows it."""

    CHARGE = "charge"
    REFUND = "refund"
    PAYOUT = "payout"

    @property
    def way(self) -> Way:
        return Way.IN if self is Purpose.CHARGE else Way.OUT

    def stands_in(self, bank: str) -> Account:
        match self:
            case Purpose.CHARGE:
                return Account(Code.BANK_CLEARING, bank)
            case Purpose.REFUND:
                return REFUND_IN_TRANSIT
            case Purpose.PAYOUT:
                return PAYOUT_IN_TRANSIT


@dataclass(frozen=True, slots=True)
class Ours:
    """An operation as we know it. `amount` ≥ 0 is what the bank confirmed, or was told.

    `came_back` is true of a payout that we know was returned; `awaited` when an earlier statement
    should have had it.
    """

    reference: str
    purpose: Purpose
    amount: int
    heard: Heard
    came_back: bool = False
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One movement on a statement: `amount` ≥ 0 was booked, the bank's `charges` included.

    Money that came in is less by them, money that went out is more.
    """

    way: Way
    amount: int
    charges: int = 0
    reference: str = ""

    @property
    def gross(self) -> int:
        """What was moved, as if the bank had taken nothing."""
        return self.amount + (self.charges if self.way is Way.IN else -self.charges)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` when the line belongs to our operation; `kind` when something is wrong with it.

    `tells` that the purchase or payout has to be told: the bank knows more than we do.
    """

    rule: Rule | None
    kind: Kind | None
    legs: Journal
    tells: bool = False


def judge(bank: str, line: Line, ours: Ours | None, before: Collection[Way]) -> Verdict:
    """`before`: the ways in which this reference was matched by earlier lines."""
    if line.gross <= 0:
        return Verdict(None, Kind.FEE, unexplained(bank, line))
    if ours is None:
        return Verdict(None, Kind.MISSING_OURS, unexplained(bank, line))
    if line.way in before:
        return Verdict(None, Kind.DUPLICATE, unexplained(bank, line))
    if line.way is not ours.purpose.way:
        return _back(bank, line, ours)
    if ours.heard is Heard.NO:
        return Verdict(None, Kind.MISSING_OURS, unexplained(bank, line), tells=True)
    legs = _explained(bank, line, ours)
    decides = ours.heard is Heard.OPEN
    if line.gross != ours.amount:
        return Verdict(_rule(ours), Kind.AMOUNT, legs, tells=decides)
    return Verdict(_rule(ours), Kind.FEE if line.charges else None, legs, tells=decides)


def overdue(happened_at: datetime, made_at: datetime, statements: int) -> Kind | None:
    """Of an operation that none of `statements` ≥ 1 statements has shown; the last was `made_at`.

    None while it could not be in it.
    """
    if happened_at > made_at:
        return None
    if statements > PATIENCE:
        return Kind.MISSING_THEIRS
    return Kind.CUT_OFF if happened_at > made_at - CUT_OFF and statements == 1 else Kind.TIMING


def unexplained(bank: str, line: Line) -> Journal:
    """Cash as the bank says, against suspense."""
    cash = Account(Code.BANK_CASH, bank)
    if line.way is Way.IN:
        return journal((cash, SUSPENSE, line.amount))
    return journal((SUSPENSE, cash, line.amount))


def _rule(ours: Ours) -> Rule:
    if ours.heard is Heard.OPEN:
        return Rule.DECIDED
    return Rule.LATE if ours.awaited else Rule.REFERENCE


def _back(bank: str, line: Line, ours: Ours) -> Verdict:
    """A payout's money is back in transit at once; a buyer's is nobody's yet."""
    if ours.purpose is not Purpose.PAYOUT or line.gross != ours.amount:
        return Verdict(None, Kind.RETURN, unexplained(bank, line), tells=True)
    cash = Account(Code.BANK_CASH, bank)
    legs = journal(
        (cash, PAYOUT_IN_TRANSIT, line.amount), (BANK_FEE, PAYOUT_IN_TRANSIT, line.charges)
    )
    if not ours.came_back:
        return Verdict(Rule.RETURN, Kind.RETURN, legs, tells=True)
    return Verdict(Rule.RETURN, Kind.FEE if line.charges else None, legs)


def _explained(bank: str, line: Line, ours: Ours) -> Journal:
    """What is ours leaves where it stood, the bank's charges are an expense, the rest is suspense.

    Legs: cash by what was booked, always.
    """
    cash, stood = Account(Code.BANK_CASH, bank), ours.purpose.stands_in(bank)
    agreed = min(line.gross, ours.amount)
    over = line.gross - agreed
    if line.way is Way.OUT:
        return journal(
            (stood, cash, agreed), (SUSPENSE, cash, over), (BANK_FEE, cash, line.charges)
        )
    # The bank keeps its charges out of what is surely ours first.
    kept = min(line.charges, agreed)
    return journal(
        (cash, stood, agreed - kept),
        (BANK_FEE, stood, kept),
        (cash, SUSPENSE, over - (line.charges - kept)),
        (BANK_FEE, SUSPENSE, line.charges - kept),
    )
