"""Each line of a statement: what it is, and where its money stands then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import Code, Journal
from domain.reconciliation import (
    CUT_OFF,
    PATIENCE,
    Heard,
    Kind,
    Line,
    Ours,
    Purpose,
    Rule,
    Verdict,
    Way,
    judge,
    overdue,
)

PAID = Ours("e:payment:1", Purpose.CHARGE, 100, Heard.YES)
BACK = Ours("e:refund:1", Purpose.REFUND, 100, Heard.YES)
SENT = Ours("po:1", Purpose.PAYOUT, 100, Heard.YES)
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
#: debit, credit, amount
Legs = list[tuple[int, int, int]]


def legs(journal: Journal) -> Legs:
    return [(leg.debit.code.value, leg.credit.code.value, leg.amount) for leg in journal]


def cash(journal: Journal) -> int:
    into = sum(leg.amount for leg in journal if leg.debit.code is Code.BANK_CASH)
    return into - sum(leg.amount for leg in journal if leg.credit.code is Code.BANK_CASH)


@pytest.mark.parametrize(
    ("line", "ours", "rule", "kind", "expected", "tells"),
    [
        # As it should be.
        (Line(Way.IN, 100), PAID, Rule.REFERENCE, None, [(1010, 1100, 100)], False),
        (Line(Way.OUT, 100), BACK, Rule.REFERENCE, None, [(2310, 1010, 100)], False),
        (Line(Way.OUT, 100), SENT, Rule.REFERENCE, None, [(2300, 1010, 100)], False),
        # Nobody had told us.
        (
            Line(Way.IN, 100), Ours("e", Purpose.CHARGE, 100, Heard.OPEN),
            Rule.DECIDED, None, [(1010, 1100, 100)], True,
        ),
        (
            Line(Way.IN, 100), Ours("e", Purpose.CHARGE, 100, Heard.YES, awaited=True),
            Rule.LATE, None, [(1010, 1100, 100)], False,
        ),
        # Somebody else's, or told otherwise.
        (Line(Way.IN, 70), None, None, Kind.MISSING_OURS, [(1010, 2900, 70)], False),
        (Line(Way.OUT, 70), None, None, Kind.MISSING_OURS, [(2900, 1010, 70)], False),
        (
            Line(Way.IN, 100), Ours("e", Purpose.CHARGE, 100, Heard.NO),
            None, Kind.MISSING_OURS, [(1010, 2900, 100)], True,
        ),
        # Amounts.
        (
            Line(Way.IN, 130), PAID,
            Rule.REFERENCE, Kind.AMOUNT, [(1010, 1100, 100), (1010, 2900, 30)], False,
        ),
        (Line(Way.IN, 80), PAID, Rule.REFERENCE, Kind.AMOUNT, [(1010, 1100, 80)], False),
        (
            Line(Way.OUT, 130), BACK,
            Rule.REFERENCE, Kind.AMOUNT, [(2310, 1010, 100), (2900, 1010, 30)], False,
        ),
        # Fees: on the way, on top, of their own.
        (
            Line(Way.IN, 97, 3), PAID,
            Rule.REFERENCE, Kind.FEE, [(1010, 1100, 97), (5100, 1100, 3)], False,
        ),
        (
            Line(Way.OUT, 103, 3), SENT,
            Rule.REFERENCE, Kind.FEE, [(2300, 1010, 100), (5100, 1010, 3)], False,
        ),
        (Line(Way.OUT, 25, 25), None, None, Kind.FEE, [(2900, 1010, 25)], False),
        # Money that comes back.
        (
            Line(Way.IN, 100), Ours("po:1", Purpose.PAYOUT, 100, Heard.YES, came_back=True),
            Rule.RETURN, None, [(1010, 2300, 100)], False,
        ),
        (Line(Way.IN, 100), SENT, Rule.RETURN, Kind.RETURN, [(1010, 2300, 100)], True),
        (Line(Way.IN, 90), SENT, None, Kind.RETURN, [(1010, 2900, 90)], True),
        (Line(Way.OUT, 100), PAID, None, Kind.RETURN, [(2900, 1010, 100)], True),
    ],
)  # fmt: skip
def test_a_line_is_what_it_is(
    line: Line, ours: Ours | None, rule: Rule | None, kind: Kind | None, expected: Legs, tells: bool
) -> None:
    verdict = judge("b", line, ours, ())
    assert (verdict.rule, verdict.kind, verdict.tells) == (rule, kind, tells)
    assert legs(verdict.legs) == expected


def test_what_was_matched_before_is_a_duplicate_and_its_money_nobodys() -> None:
    twice = judge("b", Line(Way.IN, 100), PAID, [Way.IN])
    assert twice == Verdict(None, Kind.DUPLICATE, twice.legs)
    assert legs(twice.legs) == [(1010, 2900, 100)]
    assert judge("b", Line(Way.IN, 100), SENT, [Way.OUT]).kind is Kind.RETURN
    assert judge("b", Line(Way.IN, 100), SENT, [Way.OUT, Way.IN]).kind is Kind.DUPLICATE


amounts = st.integers(0, 10**12)


@given(
    st.sampled_from(Way),
    amounts,
    amounts,
    st.none() | st.builds(
        Ours, st.just("r"), st.sampled_from(Purpose), amounts, st.sampled_from(Heard),
        st.booleans(), st.booleans(),
    ),
    st.sets(st.sampled_from(Way)),
)  # fmt: skip
def test_cash_is_always_what_the_bank_booked(
    way: Way, amount: int, charges: int, ours: Ours | None, before: set[Way]
) -> None:
    booked = amount if way is Way.IN else amount + charges
    line = Line(way, booked, charges, "r")
    verdict = judge("b", line, ours, before)
    assert cash(verdict.legs) == (booked if way is Way.IN else -booked)
    assert verdict.rule or verdict.kind


@pytest.mark.parametrize(
    ("ago", "statements", "kind"),
    [
        (timedelta(seconds=-1), 1, None),
        (timedelta(0), 1, Kind.CUT_OFF),
        (CUT_OFF - timedelta(seconds=1), 1, Kind.CUT_OFF),
        (CUT_OFF, 1, Kind.TIMING),
        (timedelta(0), 2, Kind.TIMING),
        (timedelta(days=1), PATIENCE, Kind.TIMING),
        (timedelta(days=1), PATIENCE + 1, Kind.MISSING_THEIRS),
    ],
)
def test_what_no_statement_shows_is_waited_for_and_then_missing(
    ago: timedelta, statements: int, kind: Kind | None
) -> None:
    assert overdue(NOW - ago, NOW, statements) is kind
