from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currencies import EXPONENTS
from domain.errors import AmountOutOfRange, UnknownCurrency
from domain.money import MAX_AMOUNT, Money, allocate, price, round_half_up
from domain.terms import FeePolicy

AMOUNTS = st.integers(1, MAX_AMOUNT)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)
POLICIES = st.builds(
    FeePolicy, fixed=st.integers(0, 5_000), bps=st.integers(0, 10_000) | st.integers(0, 500)
)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1234, "EUR"), "12.34 EUR"),
        (Money(5, "CNY"), "0.05 CNY"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(1_234, "KWD"), "1.234 KWD"),
        (Money(0, "USD"), "0.00 USD"),
    ],
)
def test_money_is_written_with_its_own_number_of_decimals(money: Money, text: str) -> None:
    assert str(money) == text


@given(AMOUNTS, st.sampled_from(sorted(EXPONENTS)))
def test_a_price_is_a_whole_number_of_a_known_currency(amount: int, currency: str) -> None:
    assert price(amount, currency) == Money(amount, currency)


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT + 1, True, 1.0, "1", None])
def test_other_amounts_are_no_price(amount: object) -> None:
    with pytest.raises(AmountOutOfRange):
        price(amount, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["eur", "EU", "", "XXX", "XAU", "BTC"])
def test_other_currencies_are_none(currency: str) -> None:
    """XXX and XAU are in ISO 4217 and have no minor unit."""
    with pytest.raises(UnknownCurrency):
        price(1, currency)


@given(st.integers(0, MAX_AMOUNT), WEIGHTS)
def test_allocation_loses_and_makes_no_unit(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 0
    for share, weight in zip(shares, weights, strict=True):
        exact = total * weight
        assert exact // sum(weights) <= share <= -(-exact // sum(weights))


@given(st.integers(0, MAX_AMOUNT), WEIGHTS)
def test_who_weighs_more_gets_no_less(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    by_weight = sorted(zip(weights, shares, strict=True))
    for (lighter, less), (heavier, more) in pairwise(by_weight):
        assert less <= more or lighter == heavier


def test_a_tie_goes_to_the_earlier_share() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1])])
def test_nothing_to_weigh_by_is_an_error(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="allocation needs"):
        allocate(total, weights)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(4, 10, 0), (5, 10, 1), (15, 10, 2), (0, 3, 0)]
)
def test_halves_are_rounded_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(POLICIES, st.lists(st.integers(1, 10**9), min_size=1, max_size=10))
def test_many_small_releases_cost_what_one_big_one_costs(
    policy: FeePolicy, releases: list[int]
) -> None:
    before, fees = 0, []
    for release in releases:
        fees.append(policy.of_next(before, release))
        before += release
    assert sum(fees) == policy.of(before)


@given(POLICIES, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_fee_is_never_more_than_the_release_that_pays_it(
    policy: FeePolicy, before: int, release: int
) -> None:
    assert 0 <= policy.of_next(before, release) <= release


def test_a_fee_is_fixed_plus_proportional_and_rounded_half_up() -> None:
    assert FeePolicy(fixed=30, bps=250).of(10_020) == 30 + 251
    assert FeePolicy(fixed=30, bps=250).of(20) == 20


@pytest.mark.parametrize(("fixed", "bps"), [(-1, 0), (0, -1), (0, 10_001)])
def test_a_policy_that_pays_or_takes_more_than_all_is_none(fixed: int, bps: int) -> None:
    with pytest.raises(ValueError, match="a fee is"):
        FeePolicy(fixed=fixed, bps=bps)
