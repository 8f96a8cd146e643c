"""Money as people type it."""

import pytest

from api.pages.amounts import NotAnAmount, as_typed, typed


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("40", "CNY", 4000),
        ("40.5", "CNY", 4050),
        (" 40.50 ", "CNY", 4050),
        ("40.", "CNY", 4000),
        ("1,234.56", "CNY", 123456),
        ("1234.56", "CNY", 123456),
        ("４０．５０", "CNY", 4050),
        ("500", "JPY", 500),
        ("1,500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("0", "CNY", 0),
        ("0.01", "CNY", 1),
    ],
)
def test_an_amount_is_read_as_pages_write_it(text: str, currency: str, amount: int) -> None:
    assert typed(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "CNY"),
        ("forty", "CNY"),
        ("-40", "CNY"),
        ("+40", "CNY"),
        ("40,50", "CNY"),
        ("1,23,456", "CNY"),
        ("40.505", "CNY"),
        ("500.0", "JPY"),
        ("1.2.3", "CNY"),
        ("4e3", "CNY"),
        ("40 50", "CNY"),
        ("٤٠", "CNY"),
        (".5", "CNY"),
        ("1" * 14, "CNY"),
        ("40 CNY", "CNY"),
    ],
)
def test_what_could_mean_something_else_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(NotAnAmount):
        typed(text, currency)


@pytest.mark.parametrize(
    ("amount", "currency"), [(12900, "CNY"), (1, "CNY"), (7, "JPY"), (5, "KWD")]
)
def test_what_we_would_type_is_read_again(amount: int, currency: str) -> None:
    assert typed(as_typed(amount, currency), currency) == amount
