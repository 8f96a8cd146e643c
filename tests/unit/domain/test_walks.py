"""Any purchase, any sequence of events at any time: the promises that hold after every step."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events
from domain.accounts import Code, Journal
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from domain.states import Party
from domain.terms import FeePolicy, Terms, Windows
from ledger.port import detail, rebuilt
from tests.builders import DAY, NOON, terms

DURATION = st.integers(1, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
TERMS = st.builds(
    terms,
    amount=st.integers(1, 50) | st.integers(1, 10**12),
    fee=st.builds(FeePolicy, fixed=st.integers(0, 60), bps=st.integers(0, 10_000)),
    reserve_bps=st.sampled_from([0, 0, 500, 10_000]),
    windows=st.builds(
        Windows,
        shipping=DURATION,
        inspection=DURATION,
        answer=DURATION,
        arbitration=DURATION,
    ),
)


def amounts_in(escrow: Escrow) -> st.SearchStrategy[int]:
    """Sizes that matter in this state, and any other."""
    amounts = escrow.amounts
    telling = {0, 1, amounts.held, amounts.disputed, amounts.authorised, escrow.terms.amount}
    return st.sampled_from(sorted(telling)) | st.integers(0, escrow.terms.amount)


def anything(escrow: Escrow, at: datetime) -> st.SearchStrategy[Event]:
    amount, attempt = amounts_in(escrow), st.just(escrow.attempt)
    price = st.just(escrow.terms.amount)
    until = st.none() | DURATION.map(lambda hold: at + hold)
    references = st.sampled_from([back.reference for back in escrow.returns] or ["none"])
    extension = st.just(3 * DAY) | DURATION
    either = st.sampled_from([Party.BUYER, Party.MERCHANT])
    due = escrow.due(at)
    return st.one_of(
        st.sampled_from([due] if due else [events.Shipped()]),
        st.builds(events.PaymentStarted, bank=st.just("sandbox"), method=st.just("card")),
        st.builds(
            events.PaymentSucceeded, attempt=attempt, amount=price | amount, capture_before=until
        ),
        st.builds(events.PaymentDeclined, attempt=attempt, code=st.just("limit")),
        st.builds(events.PaymentMismatched, attempt=attempt, amount=amount, frozen=st.booleans()),
        st.builds(events.Cancelled, by=either),
        st.builds(events.Shipped),
        st.builds(events.Captured, amount=price),
        st.builds(events.CaptureRefused, code=st.just("issuer_down")),
        st.builds(events.Delivered),
        st.builds(events.ReceiptConfirmed),
        st.builds(events.InspectionExtended, extension=extension, by=either),
        st.builds(events.RefundGranted, amount=amount),
        st.builds(events.ReturnSucceeded, reference=references),
        st.builds(events.ReturnRefused, reference=references, code=st.just("account_closed")),
        st.builds(events.DisputeOpened, amount=amount, reason=st.just("broken")),
        st.builds(events.DisputeWithdrawn),
        st.builds(events.DisputeAccepted),
        st.builds(events.DisputeContested),
        amount.map(
            lambda part: events.DisputeResolved(
                refund=min(part, escrow.amounts.disputed),
                release=escrow.amounts.disputed - min(part, escrow.amounts.disputed),
            )
        ),
    )


def walk(data: st.DataObject, agreed: Terms) -> Iterator[tuple[Escrow, Moved[Escrow]]]:
    """Steps that were allowed; what was refused left the very same purchase behind."""
    escrow, at = Escrow.opened(agreed), NOON
    # Most first events would only be refused; a walk is about what comes after a payment.
    for event in (events.PaymentStarted(bank="sandbox", method="card"), None, *[None] * 18):
        chosen = event or data.draw(anything(escrow, at))
        try:
            moved = escrow.after(chosen, at)
        except Refusal:
            continue
        yield escrow, moved
        escrow = moved.escrow
        at += data.draw(st.sampled_from([0, 1, 60, 3_600, 86_400, 864_000])) * DAY / 86_400


def balances(journals: list[Journal]) -> dict[Code, int]:
    """Credits less debits of each kind of account."""
    totals = dict.fromkeys(Code, 0)
    for leg in (leg for legs in journals for leg in legs):
        totals[leg.credit.code] += leg.amount
        totals[leg.debit.code] -= leg.amount
    return totals


@settings(max_examples=15, deadline=None)
@given(st.data(), TERMS)
def test_every_unit_has_its_place_after_every_step(data: st.DataObject, agreed: Terms) -> None:
    """Funded = held + disputed + released + refunded, by the amounts and by the postings alike."""
    journals: list[Journal] = []
    for _, moved in walk(data, agreed):
        amounts = moved.escrow.amounts
        journals.append(moved.legs)
        totals = balances(journals)
        assert amounts.balanced()
        assert totals[Code.ESCROW] == amounts.held
        assert totals[Code.ESCROW_DISPUTED] == amounts.disputed
        assert totals[Code.HOLD] == -totals[Code.ISSUER_HOLD] == amounts.authorised
        merchant = (Code.MERCHANT_PAYABLE, Code.MERCHANT_RESERVE, Code.FEE)
        assert sum(totals[code] for code in merchant) == amounts.released
        assert totals[Code.FEE] == agreed.fee.of(amounts.released)
        assert sum(totals.values()) == 0


@settings(max_examples=12, deadline=None)
@given(st.data(), TERMS)
def test_what_goes_back_to_the_buyer_is_what_the_bank_is_told(
    data: st.DataObject, agreed: Terms
) -> None:
    """Every refund posted is a return with a reference of its own, and the other way round."""
    posted, told, references = 0, 0, []
    for before, moved in walk(data, agreed):
        credits = (leg for leg in moved.legs if leg.credit.code is Code.REFUND_IN_TRANSIT)
        posted += sum(leg.amount for leg in credits)
        for back in set(moved.escrow.returns) - set(before.returns):
            references.append(back.reference)
            told += back.amount if back.way == "refund" else 0
    assert posted == told
    assert len(set(references)) == len(references)


@settings(max_examples=12, deadline=None)
@given(st.data(), TERMS)
def test_a_deadline_only_ever_waits_in_a_stage_that_has_one(
    data: st.DataObject, agreed: Terms
) -> None:
    for _, moved in walk(data, agreed):
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


@settings(max_examples=12, deadline=None)
@given(st.data(), TERMS)
def test_an_event_is_the_same_after_it_was_stored(data: st.DataObject, agreed: Terms) -> None:
    """A workflow that finds the ledger ahead follows it by the event that was stored."""
    for before, moved in walk(data, agreed):
        event = moved.event
        stored = rebuilt(event.name, event.by, detail(event))
        assert stored == event
        assert before.after(stored, moved.at) == moved
