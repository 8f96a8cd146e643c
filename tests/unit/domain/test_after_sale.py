"""Refunds after the release: out of the balance, the reserve, then debt; the fee by contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events
from domain.after_sale import Standing, refund_after_release
from domain.clearing import PayoutTerms
from domain.errors import AmountExceedsReleased, DebtLimitReached, EscrowEnded, TooOften
from domain.escrow import Escrow
from domain.events import RefundedAfterRelease
from domain.guards import MOST_RETURNS
from domain.terms import FeePolicy
from tests.builders import NOON, PRICE, after, opened, paid

RICH = Standing(payable=10 * PRICE, reserve=0, owed=0)
PLAIN = PayoutTerms()


def sold(**said: object) -> Escrow:
    return after(paid(**said), events.Shipped(), events.ReceiptConfirmed())


def test_it_comes_out_of_the_balance_then_the_reserve_then_debt() -> None:
    there = Standing(payable=300, reserve=200, owed=50)
    event = refund_after_release(sold(), 1, 1_000, there, PayoutTerms(debt_limit=550))
    assert (event.payable, event.reserve, event.fee_back) == (300, 200, 0)
    moved = sold().after(event, NOON)
    assert (moved.escrow.amounts.released, moved.escrow.amounts.refunded) == (PRICE - 1_000, 1_000)
    assert moved.tells == ("refunded",)
    assert [leg.amount for leg in moved.legs] == [300, 200, 500]


@pytest.mark.parametrize(("owed", "limit"), [(50, 549), (0, 0), (600, 10), (0, 499)])
def test_a_debt_above_the_contracts_limit_is_refused(owed: int, limit: int) -> None:
    there = Standing(payable=300, reserve=200, owed=owed)
    with pytest.raises(DebtLimitReached, match=f"{500 - max(0, limit - owed)} short"):
        refund_after_release(sold(), 1, 1_000, there, PayoutTerms(debt_limit=limit))


def test_who_owes_much_can_still_refund_out_of_a_balance() -> None:
    """A debt is recovered by clearing; a buyer is not made to wait for it."""
    there = Standing(payable=1_000, reserve=0, owed=10**9)
    assert refund_after_release(sold(), 1, 1_000, there, PLAIN).payable == 1_000


@pytest.mark.parametrize("amount", [0, -1, PRICE + 1])
def test_more_than_was_released_is_refused(amount: int) -> None:
    with pytest.raises(AmountExceedsReleased):
        refund_after_release(sold(), 1, amount, RICH, PLAIN)


def test_what_was_refunded_before_is_off_what_can_be() -> None:
    rest = sold().after(RefundedAfterRelease(number=1, amount=PRICE - 1), NOON).escrow
    assert refund_after_release(rest, 2, 1, RICH, PLAIN).amount == 1
    with pytest.raises(AmountExceedsReleased):
        refund_after_release(rest, 2, 2, RICH, PLAIN)


def test_a_purchase_that_never_released_anything_has_nothing_of_the_merchants() -> None:
    shut = after(opened(), events.PaymentLapsed())
    with pytest.raises(EscrowEnded):
        refund_after_release(shut, 1, 1, RICH, PLAIN)


def test_too_often_is_refused_but_for_all_that_is_left() -> None:
    with pytest.raises(TooOften):
        refund_after_release(sold(), MOST_RETURNS + 1, 1, RICH, PLAIN)
    assert refund_after_release(sold(), MOST_RETURNS + 1, PRICE, RICH, PLAIN).amount == PRICE


@given(
    st.lists(st.integers(1, PRICE), max_size=5),
    st.builds(FeePolicy, fixed=st.integers(0, 500), bps=st.integers(0, 10_000)),
    st.booleans(),
)
def test_with_its_fee_back_a_merchant_pays_for_what_it_keeps(
    amounts: list[int], fee: FeePolicy, back: bool
) -> None:
    """However many refunds that takes; without, our fee stays what it was."""
    escrow, given_back = sold(fee=fee), 0
    for number, amount in enumerate(amounts, 1):
        if amount > escrow.amounts.released:
            continue
        event = refund_after_release(escrow, number, amount, RICH, PayoutTerms(fee_back=back))
        escrow, given_back = escrow.after(event, NOON).escrow, given_back + event.fee_back
        assert event.payable == amount - event.fee_back
    kept = escrow.amounts.released if back else PRICE
    assert fee.of(PRICE) - given_back == fee.of(kept)
