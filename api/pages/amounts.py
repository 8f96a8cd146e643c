"""Money as people type it."""

import re
import unicodedata

from domain.currencies import EXPONENTS

#: As pages write it: groups of three by commas or none, decimals after a point.
_TYPED = re.compile(r"(?P<whole>[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<part>[0-9]*))?")


class NotAnAmount(ValueError):
    """What was typed is no amount of this currency."""


def typed(text: str, currency: str) -> int:
    """`1,234.5` CNY → 123450 minor units. Raises NotAnAmount.

    Full-width digits are digits too. More decimals than the currency has are not rounded away.
    """
    exponent = EXPONENTS[currency]
    found = _TYPED.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise NotAnAmount(text)
    whole, part = found["whole"].replace(",", ""), found["part"] or ""
    if len(part) > exponent:
        raise NotAnAmount(text)
    return int(whole + part.ljust(exponent, "0"))


def as_typed(amount: int, currency: str) -> str:
    """How somebody would type it: `1234.50`."""
    exponent = EXPONENTS[currency]
    whole, part = divmod(amount, 10**exponent)
    return f"{whole}.{part:0{exponent}d}" if exponent else str(whole)
