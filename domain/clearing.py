"""Clearing: what is due to a merchant, and what one payout pays (docs/concepts/clearing.md).

A payout pays *lines*: legs that credited the merchant's payable account (2200) and fell due, less
all legs that debited it. Its amount is their sum, so that nobody has to explain a payout by hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: A run that looks further ahead than this for an open day has a wrong calendar.
LONGEST_CLOSURE = 30
LONGEST_DELAY = 30
LONGEST_RESERVE = timedelta(days=540)
#: Credits that were due once already: they don't wait T+n again.
RESERVE_FREED, PAYOUT_FAILED, PAYOUT_RETURNED = "reserve_freed", "payout_failed", "payout_returned"
WAITED_BEFORE = frozenset({RESERVE_FREED, PAYOUT_FAILED, PAYOUT_RETURNED})


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """When a merchant is paid: `days` after the release (T+n, in clearing days), from `minimum`
    minor units on; its reserve comes free `reserve_days` calendar days after it was kept.

    It may owe us up to `debt_limit` for refunds after the release; `fee_back` when our fee on what
    is refunded then is given back to it.
    """

    days: int = 1
    minimum: int = 1
    reserve_days: int = 90
    debt_limit: int = 0
    fee_back: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.days <= LONGEST_DELAY:
            raise ValueError(f"a payout comes 0 to {LONGEST_DELAY} clearing days after the release")
        if self.minimum < 1:
            raise ValueError("a payout pays at least one minor unit")
        if not 0 <= self.reserve_days <= LONGEST_RESERVE.days:
            raise ValueError(f"a reserve is kept from 0 to {LONGEST_RESERVE.days} days")
        if self.debt_limit < 0:
            raise ValueError("a merchant may owe nothing or more")


@dataclass(frozen=True, slots=True)
class ClearingCalendar:
    """A bank's clearing days in one currency: each ends at `cutoff`, a wall clock time of `zone`.

    `closed` are holidays, `weekend` weekdays (Monday is 0) without clearing.
    """

    cutoff: time = time(22, 0)
    zone: str = "Asia/Shanghai"
    weekend: frozenset[int] = frozenset()
    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.closed

    def end(self, day: date) -> datetime:
        """The moment that ends clearing day `day`: what happens from then on is the next one's."""
        return datetime.combine(day, self.cutoff, ZoneInfo(self.zone))

    def day_of(self, moment: datetime) -> date:
        """The clearing day on which `moment` falls. Raises ValueError for a calendar closed on."""
        local = moment.astimezone(ZoneInfo(self.zone))
        day = local.date()
        return self._open(day if local < self.end(day) else day + timedelta(days=1))

    def ended_by(self, moment: datetime) -> date:
        """The newest clearing day that was over at `moment`."""
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        while self.end(day) > moment or not self.is_open(day):
            day -= timedelta(days=1)
        return day

    def later(self, day: date, days: int) -> date:
        """The open day that is `days` open days after `day`."""
        day = self._open(day)
        for _ in range(days):
            day = self._open(day + timedelta(days=1))
        return day

    def _open(self, day: date) -> date:
        for ahead in range(LONGEST_CLOSURE):
            found = day + timedelta(days=ahead)
            if self.is_open(found):
                return found
        raise ValueError(f"no clearing day within {LONGEST_CLOSURE} days of {day}")


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A leg at a merchant's payable account that no payout has paid yet.

    `amount` is signed minor units: credits above 0, debits below. `bank` keeps the money; "" for
    what belongs to none.
    """

    journal: str
    leg: int
    amount: int
    at: datetime
    bank: str
    subject: str
    name: str


def due_on(item: OpenItem, terms: PayoutTerms, calendar: ClearingCalendar) -> date:
    """The clearing day from which `item` counts: a release T+n; a debit, and what has waited
    before, at once, whatever the hour.
    """
    if item.amount < 0 or item.name in WAITED_BEFORE:
        return date.min
    return calendar.later(calendar.day_of(item.at), terms.days)


def lines_of_payout(
    items: Iterable[OpenItem],
    bank: str,
    terms: PayoutTerms,
    calendar: ClearingCalendar,
    day: date,
) -> tuple[OpenItem, ...]:
    """What the payout of clearing day `day` out of `bank` pays; empty when there is none.

    All debits are in it, whichever bank's purchase caused them. Where this bank's credits less the
    debits don't reach the minimum, other banks' credits come in, one whole bank after the other.
    It is never more than this bank's own credits, so that its custody account can pay it.
    """
    due = [item for item in items if due_on(item, terms, calendar) <= day]
    lines = [item for item in due if item.amount < 0 or item.bank in (bank, "")]
    if not any(item.amount > 0 for item in lines):
        return ()
    others = sorted({item.bank for item in due if item.amount > 0} - {bank, ""})
    for other in others:
        if total(lines) >= terms.minimum:
            break
        lines += [item for item in due if item.amount > 0 and item.bank == other]
    own = sum(item.amount for item in lines if item.amount > 0 and item.bank in (bank, ""))
    paid = total(lines)
    return tuple(lines) if terms.minimum <= paid <= own else ()


def total(lines: Sequence[OpenItem]) -> int:
    return sum(line.amount for line in lines)
