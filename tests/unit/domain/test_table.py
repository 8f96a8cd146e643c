"""The table of transitions against the rule book, and against everything that can really happen."""

from dataclasses import fields

import pytest

from domain import errors, events
from domain.accounts import Code
from domain.errors import BankUndecided, Refusal, refusals
from domain.events import Event
from domain.states import ENDED, Dispute, Party, Stage, Way
from domain.transitions import RULES, TRANSITIONS
from tests.builders import NOON
from tests.unit.domain.exploration import PRICE, reachable, tries

AP, PY, AS, CP, AC = (
    Stage.AWAITING_PAYMENT,
    Stage.PAYING,
    Stage.AWAITING_SHIPMENT,
    Stage.CAPTURING,
    Stage.AWAITING_CONFIRMATION,
)
ANY = frozenset(Stage)
BUYER, MERCHANT, OPERATOR = Party.BUYER, Party.MERCHANT, Party.OPERATOR
BANK, CLOCK = Party.BANK, Party.CLOCK

#: Who may do what in which progress, copied by hand from the rule book.
RULE_BOOK: dict[type[Event], tuple[set[Party], set[Stage] | frozenset[Stage]]] = {
    events.PaymentStarted: ({BUYER}, {AP, PY}),
    events.PaymentSucceeded: ({BANK}, {PY}),
    events.PaymentDeclined: ({BANK}, {PY}),
    events.PaymentMismatched: ({BANK}, {PY}),
    events.Cancelled: ({BUYER, MERCHANT}, {AP, PY}),
    events.PaymentLapsed: ({CLOCK}, {AP, PY}),
    events.Shipped: ({MERCHANT}, {AS}),
    events.Captured: ({BANK}, {CP}),
    events.CaptureRefused: ({BANK}, {CP}),
    events.CaptureMismatched: ({BANK}, {CP}),
    events.ShipmentLapsed: ({CLOCK}, {AS}),
    events.HoldEnding: ({CLOCK}, {AS}),
    events.EarlyDeduction: ({CLOCK}, {AS}),
    events.HoldLapsed: ({CLOCK, BANK}, {AS}),
    events.Delivered: ({MERCHANT}, {AC}),
    events.ReceiptConfirmed: ({BUYER}, {AC}),
    events.InspectionLapsed: ({CLOCK}, {AC}),
    events.InspectionExtended: ({BUYER, MERCHANT}, {AC}),
    events.RefundGranted: ({MERCHANT}, {AS, AC}),
    events.RefundedAfterRelease: ({MERCHANT}, {Stage.COMPLETED}),
    events.ReturnSucceeded: ({BANK}, ANY),
    events.ReturnRefused: ({BANK}, ANY),
    events.ReviewNeeded: ({BANK}, ANY),
    events.Reminded: ({CLOCK}, {AS, AC}),
    events.DisputeOpened: ({BUYER}, {AS, AC}),
    events.DisputeWithdrawn: ({BUYER}, {AS, AC}),
    events.DisputeAccepted: ({MERCHANT}, {AS, AC}),
    events.DisputeContested: ({MERCHANT}, {AS, AC}),
    events.AnswerLapsed: ({CLOCK}, {AS, AC}),
    events.DisputeResolved: ({OPERATOR}, {AS, AC}),
    events.ArbitrationLapsed: ({CLOCK}, {AS, AC}),
}


def caused_by(party: Party, event: Event) -> Event:
    said = {field.name: getattr(event, field.name) for field in fields(event)}
    return type(event)(**(said | {"by": party}))


def test_every_event_has_one_row_and_one_line_in_the_rule_book() -> None:
    assert sorted(rule.event.name for rule in TRANSITIONS) == sorted(
        event.name for event in RULE_BOOK
    )
    assert {kind.name for kind in Event.__subclasses__()} == {
        rule.event.name for rule in TRANSITIONS
    }
    assert list(RULES.values()) == list(TRANSITIONS)


def test_the_table_says_what_the_rule_book_says() -> None:
    table = {rule.event: (set(rule.by), set(rule.moves)) for rule in TRANSITIONS}
    assert table == {event: (by, set(stages)) for event, (by, stages) in RULE_BOOK.items()}


def test_what_the_rule_book_allows_happens_and_nothing_else() -> None:
    """Every event × every stage × every party, in every state of that stage."""
    happened, allowed = set(), set()
    for event, (parties, stages) in RULE_BOOK.items():
        allowed |= {(event, stage, party) for stage in stages for party in parties}
    for escrow, moved in reachable().steps:
        happened.add((type(moved.event), escrow.stage, moved.event.by))
    assert happened == allowed


@pytest.mark.parametrize("party", Party)
def test_no_party_may_do_what_is_not_its_own(party: Party) -> None:
    for stage in Stage:
        escrow = next(state for state in reachable().states if state.stage is stage)
        for event in tries(escrow):
            if party not in RULE_BOOK[type(event)][0]:
                with pytest.raises(errors.NotYourCommand):
                    escrow.after(caused_by(party, event), NOON)


def test_every_move_of_the_table_can_happen_and_no_other_does() -> None:
    """So that the diagram, which is drawn from the table, is true."""
    declared = {
        (rule.event, stage, to)
        for rule in TRANSITIONS
        for stage, leads in rule.moves.items()
        for to in leads
    }
    assert reachable().moves() == declared


def test_every_refusal_can_be_met() -> None:
    """A bank is undecided only when it is asked: the simulation meets that one.

    How often is too often, when a hold has ended, and what a merchant has, is farther than this
    goes: test_bounds.py, test_stages.py and test_after_sale.py go there.
    """
    elsewhere = {BankUndecided, errors.TooOften, errors.HoldExpired, errors.DebtLimitReached}
    met = {type(refusal) for _, _, refusal in reachable().refused}
    assert met | {errors.NotYourCommand} == set(Refusal.__subclasses__()) - elsewhere


def test_refusals_are_found_by_their_codes() -> None:
    kinds: list[type[Refusal]] = [Refusal, *Refusal.__subclasses__()]
    assert refusals() == {kind.code: kind for kind in kinds}
    assert len(refusals()) == len(kinds)


def test_a_refused_event_changes_nothing() -> None:
    """Asking twice gets the same refusal of the same state; `allows` says what `after` says."""
    for escrow, event, refusal in reachable().refused[::7]:
        before = repr(escrow)
        with pytest.raises(type(refusal)):
            escrow.allows(event)
        assert repr(escrow) == before


def test_money_is_where_it_should_be_in_every_state() -> None:
    for escrow in reachable().states:
        assert escrow.amounts.balanced()
        assert escrow.amounts.funded in (0, PRICE)
        assert not (escrow.amounts.authorised and escrow.amounts.funded)


def test_whatever_goes_back_to_the_buyer_is_told_to_the_bank() -> None:
    """After a dispute, too, however it ends: what is posted and not told would never arrive."""
    for was, moved in reachable().steps:
        fresh = [back for back in moved.escrow.returns if back not in was.returns]
        told = sum(back.amount for back in fresh if back.way is Way.REFUND)
        credits = [leg for leg in moved.legs if leg.credit.code is Code.REFUND_IN_TRANSIT]
        assert sum(leg.amount for leg in credits) == told, (was, moved.event)


def test_nothing_is_left_behind_in_a_terminal_stage() -> None:
    for escrow in reachable().states:
        if escrow.ended:
            amounts = escrow.amounts
            assert (amounts.held, amounts.disputed, amounts.authorised) == (0, 0, 0)
            assert escrow.dispute is Dispute.NONE
            assert escrow.next_wake_up is None


def test_the_end_is_named_after_where_the_money_went() -> None:
    ends: dict[Stage, set[tuple[bool, bool]]] = {stage: set() for stage in ENDED}
    for escrow in reachable().states:
        if escrow.ended:
            amounts = escrow.amounts
            ends[escrow.stage].add((amounts.released > 0, amounts.refunded > 0))
    assert ends == {
        # What was released once can go back later, all of it.
        Stage.COMPLETED: {(True, False), (True, True), (False, True)},
        Stage.REFUNDED: {(False, True)},
        Stage.CLOSED: {(False, False)},
    }


def test_a_purchase_never_waits_without_a_deadline() -> None:
    """Only a bank may be waited for without one; it is asked until it answers."""
    for escrow in reachable().states:
        if not escrow.ended and escrow.stage is not Stage.CAPTURING:
            assert escrow.next_wake_up is not None


def test_each_step_counts_one_and_tells_without_a_gap() -> None:
    for escrow, moved in reachable().steps:
        assert moved.escrow.sequence == escrow.sequence + 1
        assert moved.escrow.told == escrow.told + len(moved.tells)


def test_disputed_money_moves_only_by_what_decides_a_dispute() -> None:
    deciding = {
        events.DisputeWithdrawn,
        events.DisputeAccepted,
        events.AnswerLapsed,
        events.DisputeResolved,
        events.ArbitrationLapsed,
    }
    for escrow, moved in reachable().steps:
        if moved.escrow.amounts.disputed < escrow.amounts.disputed:
            assert type(moved.event) in deciding
