"""What the rest of Danbao knows of reconciliation. Amounts are minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Due:
    """A statement that a bank has and we have not read: number `sequence` of `account` there.

    `notice` is how the bank announced it, `day` the one that it closes.
    """

    bank: str
    notice: int
    account: str
    currency: str
    sequence: int
    day: date


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement that is stored whole, with `lines` of it."""

    file_id: str
    lines: int


@dataclass(frozen=True, slots=True)
class Tell:
    """The purchase or payout `subject` has to ask the bank what became of `reference`."""

    subject: str
    reference: str
    is_payout: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """What a page came to. `upto` is the last line that was looked at, 0 when none is left."""

    upto: int = 0
    matches: int = 0
    breaks: int = 0
    tells: tuple[Tell, ...] = ()


class StatementError(Exception):
    """A statement that can't be taken in: nothing of it is stored. `code` is for programs."""

    code = ""


class Unreadable(StatementError):
    """Its bytes are no statement of this account, or it does not add up."""

    code = "unreadable"


class Changed(StatementError):
    """Another statement has this number already: what a bank has said, it can't say otherwise."""

    code = "changed"


class OutOfOrder(StatementError):
    """The one before it is not there yet, or not read to its end."""

    code = "out_of_order"


class Discontinuous(StatementError):
    """It does not open with what the one before closed with."""

    code = "discontinuous"


class Statements(Protocol):
    """Our side of a statement, step by step; each can be repeated and is done once."""

    async def take_in(self, due: Due, content: bytes) -> Taken:
        """Store the whole of it, or nothing. Raises StatementError's kinds."""
        ...

    async def heard_of(self, bank: str) -> int:
        """The number of the bank's last announcement that we know, 0 before the first."""
        ...

    async def announce(self, news: Sequence[Due]) -> None:
        """Write down what a bank has announced; what is known stays."""
        ...

    async def unread(self) -> list[Due]:
        """What was announced and not read to its end, each account's in its order."""
        ...

    async def match(self, file_id: str, most: int) -> Matched:
        """Judge the next `most` lines and post what they did to the cash."""
        ...

    async def find_missing(self, file_id: str) -> Matched:
        """Open a break for what should have been in it and is not; look again at older ones."""
        ...

    async def finish(self, file_id: str) -> None:
        """Note that it was read to its end."""
        ...
