"""What several messages have in common: accounts, banks, the side of a movement, texts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from banks.files.errors import BadValue, Missing, Repeated

#: What XML 1.0 can't carry, and what would not come back as it was: other control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: ISO 8601 with an optional fraction and zone: what xs:dateTime allows, less its odd years.
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


class Side(StrEnum):
    """Seen from whom the account belongs to: CREDIT is more money."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"

    def signed(self, amount: int) -> int:
        return amount if self is Side.CREDIT else -amount

    @classmethod
    def of(cls, signed: int) -> "Side":
        return cls.DEBIT if signed < 0 else cls.CREDIT


@dataclass(frozen=True, slots=True)
class Account:
    """An account number as its bank writes it: an IBAN with valid check digits, or any other."""

    number: str = field(repr=False)

    @property
    def is_iban(self) -> bool:
        return _has_check_digits(self.number)

    @classmethod
    def read(cls, number: str, place: str, *, iban: bool) -> Self:
        """The number that a file calls an IBAN or another one. Raises BadValue."""
        if iban and not _has_check_digits(number):
            raise BadValue("not an IBAN: its form or its check digits are wrong", place)
        return cls(number)


@dataclass(frozen=True, slots=True)
class Agent:
    """A bank: by its BIC, or by its number in a national clearing system (CNAPS: 12 digits).

    Neither is known of a bank that only the account number tells.
    """

    bic: str = ""
    member: str = ""

    def check(self, place: str) -> None:
        """Raises BadValue."""
        if self.bic and not _BIC.fullmatch(self.bic):
            raise BadValue(f"{self.bic!r} is not a BIC", place)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused, returned or recalled: ISO's code (`AC04`), and words."""

    code: str
    text: str = ""


def check_text(text: str, limit: int, place: str) -> None:
    """1 to `limit` characters that come back as they are. Raises Missing, BadValue."""
    if not text:
        raise Missing("nothing is written here", place)
    if len(text) > limit:
        raise BadValue(f"{len(text)} characters, at most {limit}", place)
    if _CONTROL.search(text):
        raise BadValue("a control character", place)
    if text != text.strip(" "):
        raise BadValue("spaces at an end", place)


def check_once(names: Iterable[str], kind: str, place: str) -> None:
    """Raises Repeated for the first name that stands twice."""
    seen = set[str]()
    for name in names:
        if name in seen:
            raise Repeated(f"the {kind} {name!r} stands twice", place)
        seen.add(name)


def _has_check_digits(number: str) -> bool:
    """ISO 7064's mod 97-10, as ISO 13616 wants it."""
    if not _IBAN.fullmatch(number):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1
