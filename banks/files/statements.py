"""A bank's statement, however it was written: what camt.053 and the bill say.

Amounts are minor units ≥ 0 with a side; balances are signed, above zero what the bank owes us.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from banks.files.errors import (
    BadValue,
    DuplicateSequence,
    EmptyFile,
    Missing,
    Repeated,
    Unbalanced,
    WrongAmount,
)
from banks.files.values import Account, Reason, Side

AnyName = TypeVar("AnyName", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Movement:
    """One payment inside an entry.

    `amount` is what was booked, after `charges` that the bank took off on the way (below zero:
    that it gave back); `gross` is what it was before. `reference` is ours, "" when the bank does
    not say it; `bank_reference` is the bank's. With `returned` it is a payment that came back:
    the reason, and `reference` is the one under which it was sent.
    """

    amount: int
    side: Side
    reference: str = ""
    bank_reference: str = ""
    charges: int = 0
    returned: Reason | None = None
    #: The other side, as far as the bank says it.
    party: str = ""
    account: Account | None = None
    text: str = ""

    @property
    def signed(self) -> int:
        return self.side.signed(self.amount)

    @property
    def gross(self) -> int:
        return self.amount + self.side.signed(self.charges)


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking on the account: one movement, or a batch of them booked as one amount.

    `reversal` means that the bank takes back an earlier booking; `side` is that of this one.
    `charges` were taken off a batch as a whole: amount = movements − charges, all signed.
    """

    amount: int
    side: Side
    booked_on: date
    value_on: date
    movements: tuple[Movement, ...]
    bank_reference: str = ""
    reversal: bool = False
    #: Our PayoutGroup or PayoutBatch, or the bank's own batch; "" for a single booking.
    batch: str = ""
    charges: int = 0

    @property
    def signed(self) -> int:
        return self.side.signed(self.amount)


@dataclass(frozen=True, slots=True)
class Balance:
    """Booked, signed, at the beginning or end of `on`."""

    amount: int
    on: date


@dataclass(frozen=True, slots=True)
class Statement:
    """What was booked on one account: opening + entries = closing, always.

    `sequence` is the bank's, one more with every statement of the account; `id` is its name.
    """

    id: str
    sequence: int
    created_at: datetime
    account: Account
    currency: str
    opening: Balance
    closing: Balance
    entries: tuple[Entry, ...]

    @property
    def movements(self) -> tuple[Movement, ...]:
        return tuple(movement for entry in self.entries for movement in entry.movements)

    def check(self, place: str, *, may_be_empty: bool = False) -> None:
        """Raises EmptyFile, Unbalanced, WrongAmount, BadValue."""
        if not self.entries and not may_be_empty:
            raise EmptyFile(f"statement {self.id!r} has no entry", place)
        if type(self.sequence) is not int or not 0 <= self.sequence < 10**18:
            raise BadValue(f"{self.sequence!r} is no sequence number", place)
        if self.opening.on > self.closing.on:
            raise BadValue("it closes before it opens", place)
        made = self.opening.amount + sum(entry.signed for entry in self.entries)
        if made != self.closing.amount:
            said = f"{self.opening.amount} and the entries make {made}, not {self.closing.amount}"
            raise Unbalanced(f"{said} (minor units of {self.currency})", place)


def check_entry(entry: Entry, place: str) -> None:
    """Raises Missing, WrongAmount, Unbalanced."""
    if not entry.movements:
        raise Missing("an entry has one movement at least", place)
    if entry.charges and len(entry.movements) == 1:
        raise BadValue("charges on one movement belong to the movement", place)
    if entry.amount == 0:
        raise WrongAmount("an entry of nothing", place)
    if len(entry.movements) > 1 and not all(one.amount for one in entry.movements):
        raise WrongAmount("a movement of nothing", place)
    for movement in entry.movements:
        if movement.gross < 0:
            raise WrongAmount("more charges than there was money", place)
    made = sum(movement.signed for movement in entry.movements) - entry.charges
    if made != entry.signed:
        raise Unbalanced(f"the movements make {made}, the entry {entry.signed}", place)


def check_together(statements: tuple[Statement, ...], place: str) -> None:
    """Of the statements in one file. Raises EmptyFile, Repeated, DuplicateSequence."""
    if not statements:
        raise EmptyFile("no statement", place)
    for name in _twice(one.id for one in statements):
        raise Repeated(f"statement {name!r} stands twice", place)
    for account, number in _twice((one.account, one.sequence) for one in statements):
        raise DuplicateSequence(f"number {number} of …{account.number[-4:]} stands twice", place)


def _twice(names: Iterable[AnyName]) -> list[AnyName]:
    return [name for name, times in Counter(names).items() if times > 1]
