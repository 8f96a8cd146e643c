"""Any purchase, any sequence of events at any time: the promises that hold after every step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events
from domain.accounts import Code, Journal
from domain.after_sale import Standing, refund_after_release
from domain.clearing import PayoutTerms
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Party
from domain.terms import FeePolicy, Funding, HoldExpiry, Terms, Windows
from ledger.port import detail, rebuilt
from tests.builders import DAY, NOON, disputed, refund, split, started, succeeded, terms

DURATION = st.integers(1, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
TERMS = st.builds(
    terms,
    amount=st.integers(1, 50) | st.integers(1, 10**12),
    funding=st.sampled_from(Funding),
    fee=st.builds(FeePolicy, fixed=st.integers(0, 60), bps=st.integers(0, 10_000)),
    reserve_bps=st.sampled_from([0, 0, 500, 10_000]),
    hold_expiry=st.sampled_from(HoldExpiry),
    windows=st.builds(
        Windows, shipping=DURATION, inspection=DURATION, answer=DURATION, arbitration=DURATION
    ),
)


@dataclass(frozen=True)
class Turn:
    """What happens next, of all that is allowed then; drawn before anything has happened."""

    choice: int
    size: int
    share: int
    by: Party
    pause: timedelta

    def amount(self, escrow: Escrow) -> int:
        """One that matters in this state, or any part of the price."""
        amounts, price = escrow.amounts, escrow.terms.amount
        part = price * self.share // 100
        return (part, part, price, amounts.held, amounts.disputed, amounts.authorised)[self.size]

    def event(self, escrow: Escrow, at: datetime) -> Event | None:
        """None: nothing is allowed any more."""
        allowed = [event for event in self._any(escrow, at) if is_allowed(escrow, event, at)]
        return allowed[self.choice % len(allowed)] if allowed else None

    def _any(self, escrow: Escrow, at: datetime) -> Iterator[Event]:
        return (kind(self, escrow, at) for kind in KINDS)


TURNS = st.lists(
    st.builds(
        Turn,
        choice=st.integers(0, 10_000),
        size=st.integers(0, 5),
        share=st.integers(0, 100),
        by=st.sampled_from([Party.BUYER, Party.MERCHANT]),
        pause=st.sampled_from([0, 60, 3_600, 86_400, 864_000]).map(lambda s: timedelta(seconds=s)),
    ),
    max_size=14,
)


@dataclass(frozen=True)
class Walk:
    """`head` steps of the happy path, which most walks would hardly get along, then anything.

    `sold`: it begins after the release.
    """

    terms: Terms
    head: int
    turns: list[Turn]
    sold: bool = False

    def begins(self) -> Iterator[Callable[[Escrow], Event]]:
        path = HAPPY[self.terms.funding]
        yield from path[: -len(QUARREL)] if self.sold else path[: self.head]
        if self.sold:
            yield lambda _: events.ReceiptConfirmed()

    def steps(self) -> Iterator[tuple[Escrow, Moved[Escrow]]]:
        """(before, step) of each."""
        escrow, at = Escrow.opened(self.terms), NOON
        for event in self.begins():
            moved = escrow.after(event(escrow), at)
            yield escrow, moved
            escrow = moved.escrow
        for turn in self.turns:
            if (chosen := turn.event(escrow, at)) is None:
                return
            moved = escrow.after(chosen, at)
            yield escrow, moved
            escrow = moved.escrow
            at += turn.pause


#: Seldom reached by chance, and where the most money can go astray: a part is disputed, contested.
QUARREL: tuple[Callable[[Escrow], Event], ...] = (
    lambda escrow: disputed(max(1, escrow.amounts.held // 3)),
    lambda _: events.DisputeContested(),
)
HAPPY: dict[Funding, tuple[Callable[[Escrow], Event], ...]] = {
    Funding.DEDUCT: (lambda _: started(), succeeded, lambda _: events.Shipped(), *QUARREL),
    Funding.FREEZE: (
        lambda _: started(),
        succeeded,
        lambda _: events.Shipped(),
        lambda escrow: events.Captured(amount=escrow.terms.amount),
        *QUARREL,
    ),
}
WALKS = st.builds(
    Walk,
    terms=TERMS,
    head=st.integers(0, 6),
    turns=TURNS,
    sold=st.sampled_from([False, False, False, True]),
)


def is_allowed(escrow: Escrow, event: Event, at: datetime) -> bool:
    try:
        escrow.after(event, at)
    except Refusal:
        return False
    return True


def due(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    """What the clock does next, however long that takes."""
    return escrow.due(escrow.next_wake_up or at) or events.PaymentLapsed()


def paid_somehow(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    """Whatever was agreed, a bank may deduct or freeze."""
    until = at + turn.pause if turn.by is Party.BUYER else None
    price = escrow.terms.amount
    return events.PaymentSucceeded(attempt=escrow.attempt, amount=price, capture_before=until)


def resolved(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    back = min(turn.amount(escrow), escrow.amounts.disputed)
    return split(back, escrow.amounts.disputed - back, escrow.disputes)


def returned(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    reference = escrow.returns[0].reference if escrow.returns else ""
    if turn.size:
        return events.ReturnSucceeded(reference=reference)
    return events.ReturnRefused(reference=reference, code="account_closed")


def clawed_back(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    """The merchant's balance covers a part of it, the reserve another."""
    amount = max(1, min(turn.amount(escrow), escrow.amounts.released))
    there = Standing(amount * turn.share // 200, amount * turn.share // 300, turn.size)
    terms = PayoutTerms(debt_limit=10**13, fee_back=True)
    try:
        return refund_after_release(escrow, escrow.sequence, amount, there, terms)
    except Refusal:
        return events.RefundedAfterRelease(number=escrow.sequence, amount=amount)


def mismatched(turn: Turn, escrow: Escrow, at: datetime) -> Event:
    return events.PaymentMismatched(
        attempt=escrow.attempt, amount=turn.amount(escrow), frozen=turn.by is Party.BUYER
    )


KINDS: tuple[Callable[[Turn, Escrow, datetime], Event], ...] = (
    due,
    paid_somehow,
    mismatched,
    resolved,
    returned,
    clawed_back,
    lambda turn, escrow, at: started(),
    lambda turn, escrow, at: events.PaymentDeclined(attempt=escrow.attempt, code="limit"),
    lambda turn, escrow, at: events.Cancelled(by=turn.by),
    lambda turn, escrow, at: events.Shipped(),
    lambda turn, escrow, at: events.Captured(amount=escrow.terms.amount),
    lambda turn, escrow, at: events.CaptureRefused(code="issuer_down"),
    lambda turn, escrow, at: events.CaptureMismatched(amount=turn.amount(escrow)),
    lambda turn, escrow, at: events.Delivered(),
    lambda turn, escrow, at: events.ReceiptConfirmed(),
    lambda turn, escrow, at: events.InspectionExtended(extension=3 * DAY, by=turn.by),
    lambda turn, escrow, at: refund(turn.amount(escrow)),
    lambda turn, escrow, at: disputed(turn.amount(escrow)),
    lambda turn, escrow, at: events.DisputeWithdrawn(),
    lambda turn, escrow, at: events.DisputeAccepted(),
    lambda turn, escrow, at: events.DisputeContested(),
)


def balances(journals: list[Journal]) -> dict[Code, int]:
    """Credits less debits of each kind of account."""
    totals = dict.fromkeys(Code, 0)
    for leg in (leg for legs in journals for leg in legs):
        totals[leg.credit.code] += leg.amount
        totals[leg.debit.code] -= leg.amount
    return totals


@settings(max_examples=150, deadline=None)
@given(WALKS)
def test_every_unit_has_its_place_after_every_step(walk: Walk) -> None:
    """Funded = held + disputed + released + refunded, by the amounts and by the postings alike."""
    journals: list[Journal] = []
    for _, moved in walk.steps():
        amounts = moved.escrow.amounts
        journals.append(moved.legs)
        totals = balances(journals)
        assert amounts.balanced()
        assert totals[Code.ESCROW] == amounts.held
        assert totals[Code.ESCROW_DISPUTED] == amounts.disputed
        assert totals[Code.HOLD] == -totals[Code.ISSUER_HOLD] == amounts.authorised
        merchant = (
            Code.MERCHANT_PAYABLE,
            Code.MERCHANT_RESERVE,
            Code.MERCHANT_RECEIVABLE,
            Code.FEE,
        )
        assert sum(totals[code] for code in merchant) == amounts.released
        assert totals[Code.FEE] == walk.terms.fee.of(amounts.released)
        assert sum(totals.values()) == 0


@settings(max_examples=80, deadline=None)
@given(WALKS)
def test_what_goes_back_to_the_buyer_is_what_the_bank_is_told(walk: Walk) -> None:
    """Every refund posted is a return with a reference of its own, and the other way round."""
    posted, told, references = 0, 0, []
    for before, moved in walk.steps():
        credits = (leg for leg in moved.legs if leg.credit.code is Code.REFUND_IN_TRANSIT)
        posted += sum(leg.amount for leg in credits)
        for back in set(moved.escrow.returns) - set(before.returns):
            references.append(back.reference)
            told += back.amount if back.way == "refund" else 0
    assert posted == told
    assert len(set(references)) == len(references)


@settings(max_examples=80, deadline=None)
@given(WALKS)
def test_a_deadline_only_ever_waits_in_a_stage_that_has_one(walk: Walk) -> None:
    for _, moved in walk.steps():
        escrow = moved.escrow
        if escrow.ended:
            assert escrow.next_wake_up is None
            assert (escrow.amounts.held, escrow.amounts.disputed) == (0, 0)
        elif escrow.stage != "capturing":
            assert escrow.next_wake_up is not None
        if escrow.next_wake_up is not None:
            due = escrow.due(escrow.next_wake_up)
            assert due is not None
            escrow.allows(due)
        assert escrow.extended <= 30 * DAY


@settings(max_examples=80, deadline=None)
@given(WALKS)
def test_an_event_is_the_same_after_it_was_stored(walk: Walk) -> None:
    """A workflow that finds the ledger ahead follows it by the event that was stored."""
    for before, moved in walk.steps():
        event = moved.event
        stored = rebuilt(event.name, event.by, detail(event))
        assert repr(stored) == repr(event)
        assert before.after(stored, moved.at) == moved
