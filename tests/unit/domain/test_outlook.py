"""What is promised of the future is what the rules then do."""

from collections.abc import Callable

import pytest

from domain import events
from domain.errors import Refusal
from domain.escrow import Escrow
from domain.outlook import if_nobody_acts, may, turn
from domain.states import ENDED, Party, Stage
from domain.terms import HoldExpiry
from domain.transitions import RULES
from tests.builders import (
    DAY,
    NOON,
    after,
    disputed,
    frozen,
    opened,
    paid,
    paying,
    refund,
    shipped,
)
from tests.unit.domain.exploration import reachable, tries

CONTESTED = events.DisputeContested()
PARTIES = (Party.BUYER, Party.MERCHANT, Party.OPERATOR)


def ends(escrow: Escrow) -> list[tuple[str, float]]:
    """Each step of the clock, and after how many days."""
    return [(step.event.name, (step.at - NOON) / DAY) for step in if_nobody_acts(escrow, NOON)]


@pytest.mark.parametrize(
    ("escrow", "expected"),
    [
        (opened(), [("payment_lapsed", 1 / 48)]),
        (paying(), [("payment_lapsed", 1 / 48)]),
        (paid(), [("shipment_lapsed", 7)]),
        (frozen(), [("hold_lapsed", 5)]),
        (
            frozen(hold_expiry=HoldExpiry.DEDUCT),
            [("early_deduction", 4), ("captured", 4), ("shipment_lapsed", 7)],
        ),
        (shipped(), [("inspection_lapsed", 10)]),
        (after(paid(), disputed(4_000)), [("answer_lapsed", 5), ("shipment_lapsed", 7)]),
        (
            after(shipped(), disputed(4_000)),
            [("answer_lapsed", 5), ("inspection_lapsed", 10), ("arbitration_lapsed", 35)],
        ),
        (after(shipped(), disputed(10_000), CONTESTED), [("arbitration_lapsed", 30)]),
    ],
    ids=lambda value: value.stage if isinstance(value, Escrow) else "",
)
def test_the_clock_alone_ends_a_purchase(escrow: Escrow, expected: list[tuple[str, float]]) -> None:
    assert ends(escrow) == expected


def test_a_disputed_purchase_left_alone_is_divided() -> None:
    last = if_nobody_acts(after(shipped(), disputed(4_000)), NOON)[-1].escrow
    assert (last.stage, last.amounts.released, last.amounts.refunded) == (
        Stage.COMPLETED,
        6_000,
        4_000,
    )


def test_what_is_overdue_happens_now() -> None:
    [step] = if_nobody_acts(opened(), NOON + DAY)
    assert step.at == NOON + DAY


@pytest.mark.parametrize(
    ("escrow", "buyer", "merchant", "operator"),
    [
        (opened(), ["pay", "cancel"], ["cancel"], []),
        (paid(), ["dispute"], ["ship", "refund"], []),
        (frozen(), [], ["ship", "refund"], []),
        (
            shipped(),
            ["confirm_receipt", "extend", "dispute"],
            ["delivered", "extend", "refund"],
            [],
        ),
        (
            after(shipped(), disputed(10_000)),
            ["extend", "withdraw"],
            ["delivered", "extend", "accept", "contest"],
            [],
        ),
        (
            after(shipped(), disputed(10_000), CONTESTED),
            ["extend", "withdraw"],
            ["delivered", "extend", "accept"],
            ["resolve"],
        ),
        (after(paid(), refund(10_000)), [], [], []),
    ],
)
def test_each_party_reads_its_own_commands(
    escrow: Escrow, buyer: list[str], merchant: list[str], operator: list[str]
) -> None:
    assert [may(escrow, party) for party in PARTIES] == [buyer, merchant, operator]


def test_the_turn_goes_round() -> None:
    contested = after(shipped(), disputed(1), CONTESTED)
    course = (opened(), paying(), paid(), shipped(), after(shipped(), disputed(1)), contested)
    assert [turn(escrow) for escrow in course] == [
        Party.BUYER,
        Party.BANK,
        Party.MERCHANT,
        Party.BUYER,
        Party.MERCHANT,
        Party.OPERATOR,
    ]
    assert turn(after(paid(), refund(10_000))) is Party.BANK
    assert turn(after(opened(), events.Cancelled(by=Party.BUYER))) is None


def test_in_every_state_the_clock_brings_it_to_an_end() -> None:
    """But where only a bank can say what happened: then it is asked on."""
    for escrow in reachable().states:
        ahead = if_nobody_acts(escrow, NOON)
        last = ahead[-1].escrow if ahead else escrow
        assert last.stage in ENDED or last.stage is Stage.CAPTURING, escrow
        amounts = last.amounts
        assert amounts.funded == amounts.held + amounts.disputed + amounts.released + (
            amounts.refunded
        )


@pytest.mark.parametrize("party", PARTIES)
def test_in_every_state_what_is_offered_is_what_is_possible(party: Party) -> None:
    for escrow in reachable().states:
        possible = {
            RULES[type(event)].command
            for event in tries(escrow)
            if event.by is party and not refused(escrow.allows, event)
        }
        assert set(may(escrow, party)) >= possible - {None}, escrow


def refused(allows: Callable[[events.Event], None], event: events.Event) -> bool:
    try:
        allows(event)
    except Refusal:
        return True
    return False
