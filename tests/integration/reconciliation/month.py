"""A month of a marketplace and its bank: what was done, what the bank's statements get wrong."""

import json
import random
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from banks.files.statements import Entry
from domain.accounts import (
    FEE,
    PAYOUT_IN_TRANSIT,
    REFUND_IN_TRANSIT,
    Account,
    Code,
    Leg,
)
from ledger.book import Book
from ledger.port import Posting
from tests.integration.reconciliation.desk import _OPERATION, Desk, entry

#: What may be wrong with a charge's line, and how often in a thousand.
FAULTS = {
    "lost": 3, "late": 5, "doubled": 3, "short": 2, "charged": 2, "unknown": 5, "taken_back": 3,
    "refused": 1,
}  # fmt: skip
REFUNDED, CAME_BACK = 0.04, 0.02
LEGS = 8_000


@dataclass(slots=True)
class Month:
    """`planted` is what must be found open in the end, `passed` what must have closed itself."""

    desk: Desk
    merchants: list[str]
    rng: random.Random
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: merchant → minor units: what its sales brought, and what was sent to its bank and stayed.
    earned: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    #: What the bank never showed, or showed less of: it stays in clearing.
    unseen: int = 0
    _tomorrow: list[Entry] = field(default_factory=list)
    _back: dict[int, list[tuple[str, str, int]]] = field(default_factory=lambda: defaultdict(list))
    _operations: list[dict[str, object]] = field(default_factory=list)
    _legs: list[Leg] = field(default_factory=list)

    async def day(self, number: int, purchases: int, *, faults: bool) -> None:
        lines, self._tomorrow = self._tomorrow, []
        for _ in range(purchases):
            lines += self._purchase(faults=faults)
        lines += self._payouts(number, faults=faults)
        if faults:
            lines.append(entry(stranger := f"stranger {number}", 77))
            self.planted["missing_ours", stranger] += 1
        self.rng.shuffle(lines)
        await self._written(number)
        await self.desk.read(*lines, most=500)

    def _purchase(self, *, faults: bool) -> list[Entry]:
        subject, amount = f"esc_{uuid.uuid4().hex}", self.rng.randint(1_000, 100_000)
        reference = f"{subject}:payment:1"
        fault = self._fault() if faults else ""
        state = {"unknown": "pending", "refused": "no"}.get(fault, "yes")
        self._operate("payment", subject, reference, amount, state)
        if fault != "refused":
            self._sell(subject, amount)
        lines = self._shown(reference, amount, fault)
        if not fault and self.rng.random() < REFUNDED:
            back = f"{subject}:refund:1"
            self._operate("refund", subject, back, 500)
            self._legs.append(Leg(Account(Code.ESCROW, subject), REFUND_IN_TRANSIT, 500))
            lines.append(entry(back, -500))
        return lines

    def _sell(self, subject: str, amount: int) -> None:
        """Paid, and all but what may be refunded released to the merchant."""
        held, merchant = Account(Code.ESCROW, subject), self.rng.choice(self.merchants)
        fee = amount // 40
        net = amount - fee - 500
        self._legs += [
            Leg(Account(Code.BANK_CLEARING, self.desk.bank), held, amount),
            Leg(held, Account(Code.MERCHANT_PAYABLE, merchant), net),
            Leg(held, FEE, fee),
        ]
        self.earned[merchant] += net
        self.owed[merchant] += net

    def _shown(self, reference: str, amount: int, fault: str) -> list[Entry]:
        whole = entry(reference, amount)
        match fault:
            case "lost":
                self.planted["missing_theirs", reference] += 1
                self.unseen += amount
                return []
            case "late":
                self.passed["timing", reference] += 1
                self._tomorrow.append(whole)
                return []
            case "doubled":
                self.planted["duplicate", reference] += 1
                return [whole, whole]
            case "short":
                self.planted["amount", reference] += 1
                self.unseen += 100
                return [entry(reference, amount - 100)]
            case "charged":
                self.planted["fee", reference] += 1
                return [entry(reference, amount - 5, 5)]
            case "taken_back":
                self.planted["return", reference] += 1
                self._tomorrow.append(entry(reference, -amount))
                return [whole]
            case "refused":
                self.planted["missing_ours", reference] += 1
                return [whole]
            case _:
                return [whole]

    def _payouts(self, number: int, *, faults: bool) -> list[Entry]:
        """Everybody gets all that is owed; what comes back two days later is owed again."""
        lines = []
        for merchant, reference, amount in self._back.pop(number, []):
            self.planted["return", reference] += 1
            payable = Account(Code.MERCHANT_PAYABLE, merchant)
            self._legs.append(Leg(PAYOUT_IN_TRANSIT, payable, amount))
            self.paid[merchant] -= amount
            self.owed[merchant] += amount
            lines.append(entry(reference, amount, returned="AC04"))
        for merchant in self.merchants:
            if amount := self.owed.pop(merchant, 0):
                reference = f"pay_{uuid.uuid4().hex}:remit:1"
                self._operate("remit", reference.split(":")[0], reference, amount)
                payable = Account(Code.MERCHANT_PAYABLE, merchant)
                self._legs.append(Leg(payable, PAYOUT_IN_TRANSIT, amount))
                self.paid[merchant] += amount
                lines.append(entry(reference, -amount))
                if faults and self.rng.random() < CAME_BACK:
                    self._back[number + 2].append((merchant, reference, amount))
        return lines

    def _fault(self) -> str:
        throw = self.rng.randrange(1_000)
        for fault, often in FAULTS.items():
            if throw < often:
                return fault
            throw -= often
        return ""

    def _operate(
        self, operation: str, subject: str, reference: str, amount: int, state: str = "yes"
    ) -> None:
        kind = {"payment": "deducted", "refund": "refunded"}.get(operation, "accepted")
        answer = {"kind": kind if state == "yes" else state, "amount": amount}
        self._operations.append(
            {
                "reference": reference,
                "bank": self.desk.bank,
                "operation": operation,
                "subject": subject,
                "amount": amount,
                "currency": self.desk.currency,
                "state": state,
                "answer": json.dumps(answer),
                "at": self.desk.now - timedelta(hours=self.rng.randint(2, 20)),
            }
        )

    async def _written(self, number: int) -> None:
        """Everything of the day, in the books and in what we know of the bank."""
        async with self.desk.engine.begin() as connection:
            await connection.execute(_OPERATION, self._operations)
        book = Book(self.desk.engine)
        for first in range(0, len(self._legs), LEGS):
            legs = tuple(self._legs[first : first + LEGS])
            subject = f"{self.desk.bank} day {number}.{first}"
            await book.post(Posting(subject, 1, "test", self.desk.now, self.desk.currency, legs))
        self._operations, self._legs = [], []
