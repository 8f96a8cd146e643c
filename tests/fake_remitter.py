"""How the fake bank pays others: the sandbox bank's published accounts, on the fake's clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from banks.port import (
    Accepted,
    BankRefusedOurRequest,
    Creditor,
    Declined,
    Pending,
    Remitted,
    Returned,
    Settled,
    Truth,
)
from banks.sandbox.magic import Call, Kind
from banks.sandbox.payees import COMES_BACK_AFTER, SETTLES_AFTER, Payee, payee
from tests.fake_faults import Faults, Met, after, seconds

#: (kind, reference, debit, credit, amount, currency)
Book = Callable[[str, str, str, str, int, str], None]


@dataclass
class Remittance:
    amount: int
    currency: str
    to: Creditor
    other: Payee
    truth: Remitted
    known_from: datetime
    due_at: datetime


class FakeRemitter:
    """`custody` says what is in the custody account of a currency now."""

    def __init__(
        self, faults: Faults, now: Callable[[], datetime], book: Book, custody: Callable[[str], int]
    ) -> None:
        self._faults, self._now, self._book, self._custody = faults, now, book, custody
        self._known: dict[str, Remittance] = {}

    async def remit(self, reference: str, to: Creditor, amount: int, currency: str) -> Remitted:
        met = self._faults.before(Call.REMIT, reference, amount, payee(to.account).faults)
        self.check(reference, to, amount, currency)
        if reference not in self._known:
            self._start(reference, to, amount, currency, met)
        after(met)
        return self._known[reference].truth

    def check(self, reference: str, to: Creditor, amount: int, currency: str) -> None:
        """Raises BankRefusedOurRequest for a reference of another order."""
        known = self._known.get(reference)
        if known and (known.to, known.amount, known.currency) != (to, amount, currency):
            raise BankRefusedOurRequest(f"{reference} was used for another order")

    def take(self, reference: str, to: Creditor, amount: int, currency: str) -> None:
        """One of a batch, where the line's faults are the batch's."""
        if reference not in self._known:
            met = self._faults.met(Call.REMIT, reference, amount, payee(to.account).faults)
            self._start(reference, to, amount, currency, met)

    def _start(self, reference: str, to: Creditor, amount: int, currency: str, met: Met) -> None:
        at, other = self._now(), payee(to.account)
        hidden, due = (seconds(met, kind) for kind in (Kind.HIDDEN, Kind.PENDING))
        new = Remittance(amount, currency, to, other, Pending(), at + hidden, at + due)
        self._known[reference] = new
        if refusal := met.get(Kind.DECLINED):
            new.truth = Declined(refusal.code)
        elif Kind.PENDING not in met:
            self._accept(reference, new)

    def find(self, reference: str) -> Truth | None:
        """None when it is no remittance, or does not show yet."""
        one = self._known.get(reference)
        if one is None or self._now() < one.known_from:
            return None
        while self._now() >= one.due_at and self._goes_on(reference, one):
            pass
        return one.truth

    def send_back(self, reference: str, reason: str) -> None:
        """It comes back now, whoever it went to."""
        one = self._known[reference]
        assert isinstance(one.truth, Accepted | Settled)
        self._return(reference, one, reason)

    def about(self, reference: str) -> tuple[str, str, str]:
        """Holder and account of a remittance, and why it came back."""
        if not (one := self._known.get(reference)):
            return "", "", ""
        match one.truth:
            case Returned(reason=code) | Declined(code=code):
                return one.to.holder, one.to.account, code
        return one.to.holder, one.to.account, ""

    def amount(self, reference: str) -> int:
        return self._known[reference].amount if reference in self._known else 0

    def _accept(self, reference: str, one: Remittance) -> None:
        if self._custody(one.currency) < one.amount:
            one.truth = Declined("insufficient_custody")
            return
        self._book("remit", reference, "custody", "other_banks", one.amount, one.currency)
        one.truth, one.due_at = Accepted(), self._now() + timedelta(seconds=SETTLES_AFTER)

    def _goes_on(self, reference: str, one: Remittance) -> bool:
        """Whether something happened by the clock."""
        match one.truth:
            case Pending():
                self._accept(reference, one)
            case Accepted() if one.other.rejects:
                self._book("reject", reference, "other_banks", "custody", one.amount, one.currency)
                one.truth = Declined(one.other.rejects)
            case Accepted():
                one.truth = Settled(one.amount)
                one.due_at += timedelta(seconds=COMES_BACK_AFTER)
            case Settled() if one.other.returns:
                self._return(reference, one, one.other.returns)
            case _:
                return False
        return True

    def _return(self, reference: str, one: Remittance, reason: str) -> None:
        self._book("return", reference, "other_banks", "custody", one.amount, one.currency)
        one.truth = Returned(one.amount, reason)
