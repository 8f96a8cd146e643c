"""Every posting against the rule book's table of debits and credits."""

from collections.abc import Callable
from inspect import getmembers, isfunction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import postings
from domain.accounts import CHART, SUSPENSE, Code, Journal, Leg
from domain.amounts import Amounts
from tests.builders import ON

BANK = ON.bank
AMOUNT = st.integers(0, 10**9)
BALANCE = st.integers(0, 10**9)

#: (posting, the rule book's "DR / CR"), with amounts that leave no leg out.
TABLE: list[tuple[Callable[[], Journal], str]] = [
    (lambda: postings.freeze(ON, 9), "9100/9200"),
    (lambda: postings.void_freeze(ON, 9), "9200/9100"),
    (lambda: postings.deduct_from_freeze(ON, 9, 8), "9200/9100 1100/2100"),
    (lambda: postings.deduct(ON, 9), "1100/2100"),
    (lambda: postings.give_back_unbooked(ON, 9), "1100/2900 2900/2310"),
    (lambda: postings.take_back(ON, ON.held, 9), "2100/1100"),
    (lambda: postings.take_back(ON, ON.disputed, 9), "2110/1100"),
    (lambda: postings.release(ON, ON.held, 9, 2, 3), "2100/2200 2100/4100 2100/2210"),
    (lambda: postings.release(ON, ON.disputed, 9, 2, 3), "2110/2200 2110/4100 2110/2210"),
    (lambda: postings.free_reserve(ON, 9), "2210/2200"),
    (lambda: postings.open_dispute(ON, 9), "2100/2110"),
    (lambda: postings.withdraw_dispute(ON, 9), "2110/2100"),
    (lambda: postings.refund(ON.disputed, 9), "2110/2310"),
    (lambda: postings.refund(ON.held, 9), "2100/2310"),
    (lambda: postings.refund_refused(9), "2310/2900"),
    (
        lambda: postings.refund_after_release(ON, 9, payable=2, reserve=3, fee_back=1),
        "2200/2310 2210/2310 1300/2310 4100/2310",
    ),
    (lambda: postings.refund_on_statement(BANK, 9), "2310/1010"),
    (lambda: postings.refund_on_statement(BANK, 9, netted=True), "2310/1100"),
    (lambda: postings.bank_settles(BANK, 9, 2), "1010/1100 5100/1100"),
    (lambda: postings.fees_leave_custody(BANK, 9), "4100/1010"),
    (
        lambda: postings.chargeback_after_release(ON, 9, reserve=2, payable=3, may_owe=1),
        "2210/1100 2200/1100 1300/1100 5200/1100",
    ),
    (lambda: postings.chargeback_won(ON, 9, 4), "1100/2200 1100/5200"),
    (lambda: postings.payout_sent(ON, 9), "2200/2300"),
    (lambda: postings.payout_on_statement(BANK, 9), "2300/1010"),
    (lambda: postings.payout_rejected(ON, 9), "2300/2200"),
    (lambda: postings.payout_returned(BANK, ON.payable, 9), "1010/2200"),
    (lambda: postings.payout_returned(BANK, SUSPENSE, 9), "1010/2900"),
    (lambda: postings.recover_debt(ON, 9, 4), "2200/1300"),
]


@pytest.mark.parametrize(("posting", "legs"), TABLE)
def test_a_posting_touches_the_accounts_of_the_rule_book(
    posting: Callable[[], Journal], legs: str
) -> None:
    said = [f"{leg.debit.code:d}/{leg.credit.code:d}" for leg in posting()]
    assert said == legs.split()


@pytest.mark.parametrize(("posting", "legs"), TABLE)
def test_a_posting_balances(posting: Callable[[], Journal], legs: str) -> None:
    """Memo accounts balance among themselves: the sheet never shows what is only authorised."""
    for leg in posting():
        assert leg.amount > 0
        assert leg.debit != leg.credit
        assert (CHART[leg.debit.code][1] == "memo") == (CHART[leg.credit.code][1] == "memo")


def test_every_posting_stands_in_the_table() -> None:
    tested = {name for posting, _ in TABLE for name in posting.__code__.co_names}
    functions = {name for name, _ in getmembers(postings, isfunction)}
    assert functions - tested == {"journal"}


def test_legs_of_nothing_are_left_out_and_negative_ones_are_errors() -> None:
    assert postings.journal((ON.held, ON.payable, 0)) == ()
    with pytest.raises(ValueError, match="positive"):
        postings.journal((ON.held, ON.payable, -1))


def total(legs: Journal) -> int:
    return sum(leg.amount for leg in legs)


def credited(legs: Journal, code: Code) -> int:
    return sum(leg.amount for leg in legs if leg.credit.code is code)


def debited(legs: Journal, code: Code) -> int:
    return sum(leg.amount for leg in legs if leg.debit.code is code)


@given(AMOUNT, st.data())
def test_a_release_is_divided_whole(amount: int, data: st.DataObject) -> None:
    fee = data.draw(st.integers(0, amount))
    reserve = data.draw(st.integers(0, amount - fee))
    legs = postings.release(ON, ON.held, amount, fee, reserve)
    assert total(legs) == amount
    assert (credited(legs, Code.FEE), credited(legs, Code.MERCHANT_RESERVE)) == (fee, reserve)


@given(AMOUNT, BALANCE, BALANCE, st.data())
def test_a_refund_after_release_takes_no_more_than_there_is(
    amount: int, payable: int, reserve: int, data: st.DataObject
) -> None:
    """Payable first, then the reserve, and only the rest becomes a debt."""
    fee_back = data.draw(st.integers(0, amount))
    legs = postings.refund_after_release(ON, amount, payable, reserve, fee_back)
    assert total(legs) == credited(legs, Code.REFUND_IN_TRANSIT) == amount
    assert debited(legs, Code.MERCHANT_PAYABLE) == min(payable, amount - fee_back)
    assert debited(legs, Code.MERCHANT_RESERVE) <= reserve
    if debited(legs, Code.MERCHANT_RECEIVABLE):
        assert debited(legs, Code.MERCHANT_RESERVE) == reserve


@given(AMOUNT, BALANCE, BALANCE, BALANCE)
def test_a_chargeback_is_our_loss_only_when_nobody_else_can_pay(
    amount: int, reserve: int, payable: int, may_owe: int
) -> None:
    legs = postings.chargeback_after_release(ON, amount, reserve, payable, may_owe)
    assert total(legs) == credited(legs, Code.BANK_CLEARING) == amount
    assert debited(legs, Code.MERCHANT_RESERVE) == min(reserve, amount)
    assert debited(legs, Code.MERCHANT_PAYABLE) <= payable
    assert debited(legs, Code.MERCHANT_RECEIVABLE) <= may_owe
    if debited(legs, Code.CHARGEBACK_LOSS):
        assert debited(legs, Code.MERCHANT_RECEIVABLE) == may_owe


@given(AMOUNT, AMOUNT)
def test_a_debt_is_recovered_up_to_what_is_payable(payable: int, owed: int) -> None:
    assert total(postings.recover_debt(ON, payable, owed)) == min(payable, owed)


RELEASED = Amounts(funded=9, released=9)


@pytest.mark.parametrize(
    ("legs", "released", "refunded"),
    [
        (postings.refund_after_release(ON, 5, payable=1, reserve=1, fee_back=1), 4, 5),
        (postings.chargeback_after_release(ON, 5, reserve=1, payable=1, may_owe=1), 4, 5),
        (postings.free_reserve(ON, 5), 9, 0),
        (postings.payout_sent(ON, 5), 9, 0),
        (postings.recover_debt(ON, 5, 5), 9, 0),
        (postings.bank_settles(BANK, 5, 1), 9, 0),
        (postings.refund_on_statement(BANK, 5, netted=True), 9, 0),
        (postings.give_back_unbooked(ON, 5), 9, 0),
    ],
)
def test_after_the_end_what_is_clawed_back_counts_as_refunded(
    legs: Journal, released: int, refunded: int
) -> None:
    amounts = RELEASED.posted(legs)
    assert amounts.balanced()
    assert (amounts.released, amounts.refunded) == (released, refunded)


def test_a_chargeback_won_is_released_again() -> None:
    lost = RELEASED.posted(postings.chargeback_after_release(ON, 5, 1, 1, 1))
    assert lost.posted(postings.chargeback_won(ON, 5, 2)) == RELEASED


def test_money_taken_back_before_release_counts_as_refunded() -> None:
    held = Amounts(funded=9, held=9)
    back = held.posted(postings.take_back(ON, ON.held, 9))
    assert back == Amounts(funded=9, refunded=9)


def test_amounts_that_do_not_add_up_or_are_below_zero_are_not_balanced() -> None:
    assert not Amounts(funded=1).balanced()
    assert not Amounts(held=-1, released=1).balanced()
    assert not Amounts().posted((Leg(ON.hold, ON.held, 1),)).balanced()


def test_the_chart_has_every_code_and_the_guards_of_the_rule_book() -> None:
    assert set(CHART) == set(Code)
    guards = {f"{code:d}": guard.value for code, (_, _, guard) in CHART.items()}
    by_guard = {kind: {code for code, guard in guards.items() if guard == kind} for kind in "CDS"}
    assert by_guard == {"C": {"2100", "2110", "9200"}, "D": {"1300"}, "S": {"2200", "2210"}}
