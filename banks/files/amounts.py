"""Amounts in files: decimal text outside, integer minor units inside, never anything between."""

import re
from collections.abc import Iterable

from banks.files.errors import UnknownCurrency, WrongAmount
from domain.currencies import EXPONENTS

#: ISO 20022's amounts have 18 digits in all.
MAX_DIGITS = 18
#: Decimals of a control sum over several currencies: ISO 20022's amounts have 5 at most.
SUM_DECIMALS = 5

_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)
#: Groups of three, or no groups at all: `1,234.50`, `1234.50`, never `12,34.50`.
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?", re.ASCII)


def exponent_of(currency: str, place: str) -> int:
    """How many decimals the currency has. Raises UnknownCurrency."""
    if currency not in EXPONENTS:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency with minor units", place)
    return EXPONENTS[currency]


def minor_units(text: str, currency: str, place: str) -> int:
    """`12.5` and `12.50` CNY are 1250, `12.505` CNY and `12.0` JPY are errors.

    No sign, no exponent, no marks between digits. Raises UnknownCurrency, WrongAmount.
    """
    return scaled(text, exponent_of(currency, place), place)


def minor_units_grouped(text: str, currency: str, place: str) -> int:
    """As `minor_units`, of an amount for people: `1,234.50`."""
    if not _GROUPED.fullmatch(text):
        raise WrongAmount(f"{text!r} is not an amount", place)
    return minor_units(text.replace(",", ""), currency, place)


def scaled(text: str, decimals: int, place: str) -> int:
    """The number times 10^decimals. Raises WrongAmount for what that would round."""
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise WrongAmount(f"{text[:40]!r} is not an amount", place)
    whole, part = found[1].lstrip("0"), found[2] or ""
    if len(part) > decimals:
        raise WrongAmount(f"{text[:40]!r} has more than {decimals} decimals", place)
    if len(whole) + decimals > MAX_DIGITS + SUM_DECIMALS or len(whole) > MAX_DIGITS:
        raise WrongAmount(f"{text[:40]!r} has more than {MAX_DIGITS} digits", place)
    return int(whole + part.ljust(decimals, "0") or "0")


def decimal(amount: int, currency: str, place: str) -> str:
    """The opposite of `minor_units`, with all decimals of the currency.

    Raises UnknownCurrency, and WrongAmount for what a file can't say (below zero, too large).
    """
    exponent = exponent_of(currency, place)
    return _with_point(_checked(amount, place), exponent)


def grouped(amount: int, currency: str, place: str) -> str:
    """As `decimal`, for people: `1,234.50`."""
    whole, point, part = decimal(amount, currency, place).partition(".")
    return f"{int(whole):,}{point}{part}"


def control_sum(amounts: Iterable[tuple[int, str]], place: str) -> str:
    """ISO 20022's CtrlSum: the plain sum of the numbers, whatever their currencies.

    Raises WrongAmount, UnknownCurrency.
    """
    text = _with_point(_total(amounts, place), SUM_DECIMALS).rstrip("0").rstrip(".")
    if len(text.replace(".", "")) > MAX_DIGITS:
        raise WrongAmount(f"the sum {text} has more than {MAX_DIGITS} digits", place)
    return text


def is_control_sum(text: str, amounts: Iterable[tuple[int, str]], place: str) -> bool:
    """Whether `text` is the sum of these amounts. Raises WrongAmount when it is no number."""
    whole, point, part = text.partition(".")
    # A control sum may have 17 decimals. Only zeros can stand behind those of an amount.
    kept = part.rstrip("0") if point and part.isascii() and part.isdigit() else part
    plain = f"{whole}.{kept}" if kept else whole
    return scaled(plain, SUM_DECIMALS, place) == _total(amounts, place)


def _total(amounts: Iterable[tuple[int, str]], place: str) -> int:
    return sum(
        _checked(amount, place) * 10 ** (SUM_DECIMALS - exponent_of(currency, place))
        for amount, currency in amounts
    )


def _checked(amount: int, place: str) -> int:
    # bool is an int to Python; True CNY is a bug of the caller.
    if type(amount) is not int or amount < 0:
        raise WrongAmount(f"{amount!r} is not an amount ≥ 0 in minor units", place)
    if amount >= 10**MAX_DIGITS:
        raise WrongAmount(f"{amount} has more than {MAX_DIGITS} digits", place)
    return amount


def _with_point(number: int, decimals: int) -> str:
    if not decimals:
        return str(number)
    whole, part = divmod(number, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"
