"""A bank in memory: the same port, the same published values and faults as the sandbox bank."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from banks.port import (
    AlreadyPaid,
    BankRefusedOurRequest,
    Closed,
    Declined,
    Deducted,
    Frozen,
    Payer,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)
from banks.sandbox.magic import PAYERS, Call, Kind, shortened
from banks.sandbox.statements import Line
from domain.terms import Funding
from tests.fake_batches import FakeBatches
from tests.fake_faults import Faults, Met, after, seconds
from tests.fake_keeper import FakeKeeper
from tests.fake_remitter import FakeRemitter
from tests.fake_statements import FakeStatements

FREEZE = timedelta(days=7)


@dataclass(frozen=True)
class Entry:
    """One line of the bank's journal."""

    kind: str
    reference: str
    debit: str
    credit: str
    amount: int
    currency: str = field(default="", compare=False)


@dataclass
class Payment:
    reference: str
    amount: int
    currency: str
    funding: Funding
    truth: Truth
    known_from: datetime
    shown_from: datetime
    payer: str = ""
    buyer: Payer | None = None
    #: It never got a page.
    pageless: Declined | None = None
    still_payable: bool = False
    refunded: int = 0
    expires_at: datetime | None = None
    settles_at: datetime | None = None


@dataclass
class Errand:
    payment: Payment
    kind: Call
    amount: int
    truth: Truth
    known_from: datetime
    due_at: datetime


class FakeBank:
    """Never forgets a reference. `now` is its clock."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.journal: list[Entry] = []
        self.faults = Faults()
        self._now = now
        self._payments: dict[str, Payment] = {}
        self._errands: dict[str, Errand] = {}
        self._said: dict[str, tuple[object, ...]] = {}
        self.keeper = FakeKeeper(self.faults, now)
        self.remitter = FakeRemitter(self.faults, now, self._book, self._custody)
        self.batches = FakeBatches(self.faults, self.remitter)
        self.statements = FakeStatements(self.faults, now, self._lines, self._book)
        self._balances = {payer.customer: payer.opening for payer in PAYERS}

    async def start_payment(
        self,
        reference: str,
        amount: int,
        currency: str,
        funding: Funding,
        return_url: str,
        payer: Payer | None = None,
    ) -> Redirect | Declined:
        faults = self.faults.before(Call.START, reference, amount)
        self._remember(reference, amount, currency, funding, return_url, payer)
        payment = self._payments.get(reference)
        if payment is None:
            payment = self._open(reference, amount, currency, funding, faults)
            payment.buyer = payer
            if no := self.keeper.refusal(payer):
                payment.truth = payment.pageless = no
        after(faults)
        return payment.pageless or Redirect(self.page(reference))

    async def close_payment(self, reference: str) -> Closed | AlreadyPaid:
        payment = self._payments.get(reference)
        faults = self.faults.before(Call.CLOSE, reference, payment.amount if payment else 0)
        now = self._now()
        if payment is None:
            payment = Payment(reference, 0, "", Funding.DEDUCT, Closed(), now, now)
            payment.pageless = Declined("closed")
            self._payments[reference] = payment
        self._settle(payment)
        if isinstance(payment.truth, Pending):
            payment.truth = Closed()
            payment.still_payable = Kind.PAYABLE_AFTER_CLOSE in faults
        after(faults)
        return AlreadyPaid() if isinstance(payment.truth, Deducted | Frozen) else Closed()

    async def deduct(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Deducted | Declined | Pending:
        answer = self._run(Call.DEDUCT, reference, of, amount, currency)
        assert isinstance(answer, Deducted | Declined | Pending)
        return answer

    async def unfreeze(self, reference: str, of: str) -> Unfrozen | Declined | Pending:
        answer = self._run(Call.UNFREEZE, reference, of, 0, "")
        assert isinstance(answer, Unfrozen | Declined | Pending)
        return answer

    async def refund(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Refunded | Declined | Pending:
        answer = self._run(Call.REFUND, reference, of, amount, currency)
        assert isinstance(answer, Refunded | Declined | Pending)
        return answer

    async def find(self, reference: str) -> Truth:
        payment, errand = self._payments.get(reference), self._errands.get(reference)
        own = payment or errand
        amount = own.amount if own else self.remitter.amount(reference)
        after(self.faults.before(Call.FIND, reference, amount))
        if payment and self._now() >= payment.known_from:
            self._settle(payment)
            return payment.truth if self._now() >= payment.shown_from else Pending()
        if errand and self._now() >= errand.known_from:
            return self._finish(errand)
        return self.remitter.find(reference) or Unheard()

    def page(self, reference: str) -> str:
        return f"https://bank.invalid/pay/{reference}"

    def pay(self, reference: str, customer: str = "li.lei", *, remember: bool = False) -> None:
        """The buyer confirms at the page, and may tick the box there."""
        payment = self._payments[reference]
        if not _payable(payment):
            return
        self._confirm(payment, customer)
        offered = payment.buyer is not None and payment.buyer.remember
        if remember and offered and not isinstance(payment.truth, Declined):
            assert payment.buyer
            self.keeper.keep(payment.buyer, customer)

    def pay_saved(self, reference: str) -> None:
        """The buyer types the payment password."""
        payment = self._payments[reference]
        if not _payable(payment):
            return
        assert payment.buyer
        if no := self.keeper.refusal(payment.buyer):
            payment.truth = no
        else:
            self._confirm(payment, self.keeper.customer(payment.buyer))

    def _confirm(self, payment: Payment, customer: str) -> None:
        own = next(payer.faults for payer in PAYERS if payer.customer == customer)
        faults = self.faults.met(Call.PAY, payment.reference, payment.amount, own)
        payment.payer, payment.still_payable = customer, False
        if refusal := faults.get(Kind.DECLINED):
            payment.truth = Declined(refusal.code)
        elif wait := faults.get(Kind.PENDING):
            payment.settles_at = self._now() + timedelta(seconds=wait.seconds)
        else:
            self._secure(payment, faults)

    def cancel(self, reference: str) -> None:
        """The buyer goes back to the shop without paying."""
        if isinstance(self._payments[reference].truth, Pending):
            self._payments[reference].truth = Declined("cancelled")

    def _open(
        self,
        reference: str,
        amount: int,
        currency: str,
        funding: Funding,
        faults: Met,
    ) -> Payment:
        known_from = self._now() + seconds(faults, Kind.HIDDEN)
        payment = Payment(reference, amount, currency, funding, Pending(), known_from, known_from)
        if refusal := faults.get(Kind.DECLINED):
            payment.truth = payment.pageless = Declined(refusal.code)
        self._payments[reference] = payment
        return payment

    def _secure(self, payment: Payment, faults: Met) -> None:
        amount = shortened(payment.amount) if Kind.SHORT in faults else payment.amount
        if self._balances[payment.payer] < amount:
            payment.truth = Declined("insufficient_funds")
            return
        now = self._now()
        payment.shown_from = now + seconds(faults, Kind.HIDDEN)
        if payment.funding is Funding.DEDUCT:
            payment.truth = Deducted(amount)
            self._book(
                "deduct", payment.reference, _payer(payment), "custody", amount, payment.currency
            )
            return
        short, early = Kind.SHORT_FREEZE, Kind.EARLY_EXPIRY
        until = now + (seconds(faults, short) if short in faults else FREEZE)
        payment.truth = Frozen(amount, until)
        payment.expires_at = now + seconds(faults, early) if early in faults else until
        self._book("freeze", payment.reference, _payer(payment), "holds", amount, payment.currency)

    def _run(self, call: Call, reference: str, of: str, amount: int, currency: str) -> Truth:
        payment = self._payments.get(of)
        priced = amount or (payment.amount if payment else 0)
        faults = self.faults.before(call, reference, priced)
        if payment is None or currency not in {payment.currency, ""}:
            raise BankRefusedOurRequest(f"no such payment: {of} in {currency}")
        self._remember(reference, call, of, amount, currency)
        if reference not in self._errands:
            now = self._now()
            known, due = (now + seconds(faults, kind) for kind in (Kind.HIDDEN, Kind.PENDING))
            errand = Errand(payment, call, amount, Pending(), known, due)
            self._errands[reference] = errand
            if refusal := faults.get(Kind.DECLINED):
                errand.truth = Declined(refusal.code)
            elif Kind.PENDING not in faults:
                errand.truth = self._execute(reference, errand, short=Kind.SHORT in faults)
        after(faults)
        return self._errands[reference].truth

    def _finish(self, errand: Errand) -> Truth:
        if isinstance(errand.truth, Pending) and self._now() >= errand.due_at:
            reference = next(key for key, one in self._errands.items() if one is errand)
            errand.truth = self._execute(reference, errand, short=False)
        return errand.truth

    def _execute(self, reference: str, errand: Errand, *, short: bool) -> Truth:
        payment = errand.payment
        self._settle(payment)
        if errand.kind is Call.REFUND:
            return self._refund(reference, payment, errand.amount)
        match payment.truth:
            case Frozen(amount=frozen):
                pass
            case Deducted():
                return Declined("deducted_already")
            case Declined(code="expired"):
                return Declined("expired")
            case _:
                return Declined("not_frozen")
        if errand.kind is Call.UNFREEZE:
            payment.truth = Unfrozen()
            self._book("unfreeze", reference, "holds", _payer(payment), frozen, payment.currency)
            return payment.truth
        if errand.amount > frozen:
            return Declined("exceeds_freeze")
        payment.truth = Deducted(shortened(errand.amount) if short else errand.amount)
        self._book("deduct", reference, "holds", "custody", payment.truth.amount, payment.currency)
        if rest := frozen - payment.truth.amount:
            self._book("unfreeze", reference, "holds", _payer(payment), rest, payment.currency)
        return payment.truth

    def _refund(self, reference: str, payment: Payment, amount: int) -> Truth:
        if not isinstance(payment.truth, Deducted):
            return Declined("nothing_taken")
        if amount > payment.truth.amount - payment.refunded:
            return Declined("exceeds_payment")
        payment.refunded += amount
        self._book("refund", reference, "custody", _payer(payment), amount, payment.currency)
        return Refunded(amount)

    def _settle(self, payment: Payment) -> None:
        """What has fallen due by the clock."""
        now = self._now()
        if payment.settles_at and payment.settles_at <= now:
            payment.settles_at = None
            self._secure(payment, {})
        if isinstance(payment.truth, Frozen) and payment.expires_at and payment.expires_at <= now:
            amount, payment.truth = payment.truth.amount, Declined("expired")
            self._book(
                "expire", payment.reference, "holds", _payer(payment), amount, payment.currency
            )

    def _book(
        self, kind: str, reference: str, debit: str, credit: str, amount: int, currency: str
    ) -> None:
        for account, change in ((debit, -amount), (credit, amount)):
            if account.startswith("payer:"):
                self._balances[account.removeprefix("payer:")] += change
        self.journal.append(Entry(kind, reference, debit, credit, amount, currency))

    def _custody(self, currency: str) -> int:
        """What the bank owes us."""
        ours = [line for line in self._lines() if line.currency == currency]
        return sum(line.amount if line.into else -line.amount for line in ours)

    def _lines(self) -> list[Line]:
        return [
            Line(
                number,
                one.kind,
                one.reference,
                one.credit == "custody",
                one.amount,
                one.currency,
                False,
                *self.remitter.about(one.reference),
            )
            for number, one in enumerate(self.journal, start=1)
            if "custody" in (one.debit, one.credit)
        ]

    def _remember(self, reference: str, *said: object) -> None:
        if self._said.setdefault(reference, said) != said:
            raise BankRefusedOurRequest(f"{reference} was used for another order")


def _payable(payment: Payment) -> bool:
    undecided = isinstance(payment.truth, Pending) and payment.settles_at is None
    return undecided or payment.still_payable


def _payer(payment: Payment) -> str:
    return f"payer:{payment.payer}"
