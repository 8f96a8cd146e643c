"""Amounts for people: the bank counts in minor units."""

#: ISO 4217 currencies whose minor unit is not a hundredth.
WHOLE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"}
    | {"UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"}
)
EXPONENTS = {
    **dict.fromkeys(WHOLE, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def for_people(amount: int, currency: str) -> str:
    """`1,234.50 CNY`, `500 JPY`."""
    exponent = EXPONENTS.get(currency, 2)
    whole, part = divmod(amount, 10**exponent)
    return f"{whole:,}.{part:0{exponent}d} {currency}" if exponent else f"{whole:,} {currency}"
