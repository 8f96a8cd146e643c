"""Integer minor units and ISO 4217: the only form in which an amount exists here.

The exponents come from `domain/currencies.py`, generated from the ISO 4217 list.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.currencies import EXPONENTS
from domain.errors import AmountOutOfRange, UnknownCurrency

#: Keeps every sum of a year's purchases of one merchant within PostgreSQL's bigint.
MAX_AMOUNT = 10**12


@dataclass(frozen=True, slots=True)
class Money:
    """An amount ≥ 0 in minor units of `currency` (ISO 4217, upper case)."""

    amount: int
    currency: str

    def __str__(self) -> str:
        """`12.34 EUR`, `500 JPY`, `1.234 KWD`: for people and logs, never parsed."""
        exponent = EXPONENTS[self.currency]
        if exponent == 0:
            return f"{self.amount} {self.currency}"
        whole, part = divmod(self.amount, 10**exponent)
        return f"{whole}.{part:0{exponent}d} {self.currency}"


def price(amount: int, currency: str) -> Money:
    """A price that a purchase may have: 1 … `MAX_AMOUNT` minor units of a known currency.

    Raises UnknownCurrency, AmountOutOfRange.
    """
    if currency not in EXPONENTS:
        raise UnknownCurrency(
            f"{currency!r} is not an ISO 4217 currency with minor units, like `CNY`"
        )
    # bool is an int to Python; True EUR is a bug of the caller.
    if type(amount) is not int or not 1 <= amount <= MAX_AMOUNT:
        raise AmountOutOfRange(f"the amount must be a whole number from 1 to {MAX_AMOUNT}")
    return Money(amount, currency)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` minor units in proportion to `weights` without losing or making one.

    Largest remainder first, ties to the earlier share. Raises ValueError when there is
    nothing to weigh by.
    """
    if total < 0 or not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("allocation needs a total ≥ 0 and weights ≥ 0 that are not all zero")
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, both ≥ 0, to the nearest whole, halves upward."""
    return (2 * numerator + denominator) // (2 * denominator)
