"""One purchase: `Escrow.after(event)` is the only way its state ever changes.

The rules stand in `domain/transitions.py`, one row each; docs/concepts/escrow.md is generated
from them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Self, TypeVar

from domain.accounts import Journal
from domain.clock import NOTES, kept, wake_ups
from domain.events import Event
from domain.states import State
from domain.terms import Terms
from domain.transitions import RULES, closing, tells

S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Moved(Generic[S]):
    """One transition: the state after it, its ledger legs, the public events it causes."""

    escrow: S
    event: Event
    at: datetime
    legs: Journal
    tells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escrow(State):
    @classmethod
    def opened(cls, terms: Terms) -> Self:
        deadline = terms.opened_at + terms.windows.payment
        return cls(terms=terms, deadline=deadline, noted=terms.opened_at)

    def after(self, event: Event, at: datetime) -> Moved[Self]:
        """This purchase after `event` at `at`. Raises a Refusal; then nothing has changed."""
        rule = RULES[type(event)]
        rule.check(self, event)
        rule.check_time(self, at)
        changed, legs = rule.effect(self, event, at)
        amounts = self.amounts.posted(legs)
        moved = kept(closing(replace(changed, amounts=amounts)), at)
        heard = tells(self, event, moved)
        numbered = replace(moved, sequence=self.sequence + 1, told=self.told + len(heard))
        return Moved(numbered, event, at, legs, heard)

    def allows(self, event: Event) -> None:
        """Raise the Refusal that `after` would raise, whatever the time."""
        RULES[type(event)].check(self, event)

    def due(self, at: datetime) -> Event | None:
        """What the clock does at `at`, if anything."""
        late = [event for moment, event in wake_ups(self) if moment <= at]
        # After an outage the deadline may have passed too: then nobody needs to be reminded of it.
        lapses = [event for event in late if not isinstance(event, NOTES)]
        return next(iter(lapses or late), None)

    @property
    def next_wake_up(self) -> datetime | None:
        calls = wake_ups(self)
        return calls[0][0] if calls else None
