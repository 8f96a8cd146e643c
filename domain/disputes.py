"""A dispute runs beside progress: its own money (2110), its own clock, at most two a purchase."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain import events, postings
from domain.accounts import Journal
from domain.effects import giving_back, releasing
from domain.guards import shipped_already
from domain.states import Dispute, State, Way

S = TypeVar("S", bound=State)


def open_dispute(state: S, event: events.DisputeOpened, at: datetime) -> tuple[S, Journal]:
    opened = replace(
        state,
        dispute=Dispute.OPEN,
        disputes=state.disputes + 1,
        dispute_deadline=at + state.terms.windows.answer,
    )
    return opened, postings.open_dispute(state.accounts, event.amount)


def withdraw(state: S, event: events.DisputeWithdrawn, at: datetime) -> tuple[S, Journal]:
    """Back to held. If the stage's clock has ended meanwhile, the money follows its rule."""
    disputed = state.amounts.disputed
    back = postings.withdraw_dispute(state.accounts, disputed)
    if not state.over:
        return ended(state), back
    if shipped_already(state):
        return ended(state), back + releasing(state, state.accounts.held, disputed)
    refunded = giving_back(ended(state), Way.REFUND, disputed)
    return refunded, back + postings.refund(state.accounts.held, disputed)


def arbitrate(state: S, event: events.Event, at: datetime) -> tuple[S, Journal]:
    deadline = at + state.terms.windows.arbitration
    return replace(state, dispute=Dispute.ARBITRATION, dispute_deadline=deadline), ()


def refund_all(state: S, event: events.Event, at: datetime) -> tuple[S, Journal]:
    return divide(state, refund=state.amounts.disputed, release=0)


def default_answer(state: S, event: events.AnswerLapsed, at: datetime) -> tuple[S, Journal]:
    """A silent merchant that never shipped refunds; one that shipped goes to arbitration."""
    decide = arbitrate if shipped_already(state) else refund_all
    return decide(state, event, at)


def resolve(state: S, event: events.DisputeResolved, at: datetime) -> tuple[S, Journal]:
    return divide(state, refund=event.refund, release=event.release)


def divide(state: S, refund: int, release: int) -> tuple[S, Journal]:
    source = state.accounts.disputed
    legs = postings.refund(source, refund) + releasing(state, source, release)
    return giving_back(ended(state), Way.REFUND, refund), legs


def ended(state: S) -> S:
    return replace(state, dispute=Dispute.NONE, dispute_deadline=None)
