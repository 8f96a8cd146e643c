"""The parts around a purchase, in memory and scriptable, so that a test says what goes wrong."""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from banks.port import (
    Accepted,
    AlreadyPaid,
    Begun,
    Closed,
    Creditor,
    Declined,
    Deducted,
    Operation,
    Order,
    OutcomeUnknown,
    Payer,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)
from domain.terms import Funding
from ledger.port import LedgerConflict, Posting, Stored, Transition
from webhooks.port import NotDelivered, Notice

M = TypeVar("M", Deducted, Refunded, Unfrozen, Accepted)


class ScriptedBank:
    """Knows what it was told by reference; says what the test put there, or stays silent."""

    def __init__(self) -> None:
        self.truths: dict[str, Truth] = {}
        self.calls: list[tuple[str, str]] = []
        #: What it will answer to the next money call on a reference, instead of yes.
        self.refusals: dict[str, Declined] = {}
        self.partial: dict[str, int] = {}
        #: What becomes of a payment that it says is closed.
        self.afterwards: dict[str, Truth] = {}
        #: (call, reference) → how many more times nobody hears the answer.
        self.silences: dict[tuple[str, str], int] = defaultdict(int)
        #: As above, but it was done.
        self.lost_answers: dict[tuple[str, str], int] = defaultdict(int)
        #: How many more times `find` does not show it yet.
        self.hidden: dict[str, int] = defaultdict(int)
        self.slow: dict[str, asyncio.Event] = {}
        self.payers: dict[str, Payer | None] = {}
        self.creditors: dict[str, Creditor] = {}

    @property
    def keeper(self) -> None:
        return None

    @property
    def remitter(self) -> "ScriptedBank":
        return self

    @property
    def batches(self) -> None:
        return None

    @property
    def statements(self) -> None:
        return None

    def times(self, call: str, reference: str) -> int:
        return self.calls.count((call, reference))

    def calls_about(self, escrow_id: str) -> list[tuple[str, str]]:
        return [said for said in self.calls if said[1].startswith(escrow_id)]

    async def start_payment(
        self,
        reference: str,
        amount: int,
        currency: str,
        funding: Funding,
        return_url: str,
        payer: Payer | None = None,
    ) -> Redirect | Declined:
        self._hear("start", reference)
        self.payers[reference] = payer
        if reference in self.refusals:
            return self.refusals[reference]
        self.truths.setdefault(reference, Pending())
        return Redirect(f"http://bank.invalid/{reference}")

    async def close_payment(self, reference: str) -> Closed | AlreadyPaid:
        self._hear("close", reference)
        truth = self.truths.get(reference, Unheard())
        if isinstance(truth, Pending | Unheard | Declined | Closed):
            self.truths[reference] = self.afterwards.get(reference, Closed())
            return Closed()
        return AlreadyPaid()

    async def deduct(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Deducted | Declined | Pending:
        return await self._move("deduct", reference, Deducted(self.partial.get(reference, amount)))

    async def refund(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Refunded | Declined | Pending:
        return await self._move("refund", reference, Refunded(amount))

    async def unfreeze(self, reference: str, of: str) -> Unfrozen | Declined | Pending:
        return await self._move("unfreeze", reference, Unfrozen())

    async def remit(
        self, reference: str, to: Creditor, amount: int, currency: str
    ) -> Accepted | Declined:
        self.creditors[reference] = to
        return await self._move("remit", reference, Accepted())

    async def find(self, reference: str) -> Truth:
        self._hear("find", reference)
        if self.hidden[reference]:
            self.hidden[reference] -= 1
            return Unheard()
        return self.truths.get(reference, Unheard())

    async def _move(self, call: str, reference: str, done: M) -> M | Declined:
        self._hear(call, reference)
        if reference in self.slow:
            await self.slow[reference].wait()
        answer: M | Declined = self.refusals.get(reference, done)
        self.truths.setdefault(reference, answer)
        if self.lost_answers[call, reference]:
            self.lost_answers[call, reference] -= 1
            raise OutcomeUnknown("done, and the answer got lost")
        return answer

    def _hear(self, call: str, reference: str) -> None:
        self.calls.append((call, reference))
        if self.silences[call, reference]:
            self.silences[call, reference] -= 1
            raise OutcomeUnknown("nobody answers")


class MemoryOperations:
    def __init__(self) -> None:
        self.begun: set[str] = set()
        self.long_ago: set[str] = set()

    async def begin(self, order: Order) -> Begun:
        if order.reference in self.long_ago:
            return Begun.LONG_AGO
        if order.reference in self.begun:
            return Begun.BEFORE
        self.begun.add(order.reference)
        return Begun.NOW

    async def finish(self, order: Order, answer: Truth | Redirect | AlreadyPaid) -> None:
        assert order.operation in Operation


class MemoryBook:
    """Takes each step once and in order, as the database does."""

    def __init__(self) -> None:
        self.steps: dict[str, list[Transition]] = defaultdict(list)
        self.posted: dict[tuple[str, int], Posting] = {}
        self.outages: dict[str, int] = defaultdict(int)

    def names(self, escrow_id: str) -> list[str]:
        return [step.name for step in self.steps[escrow_id]]

    def told(self, escrow_id: str) -> list[str]:
        return [name for step in self.steps[escrow_id] for name in step.tells]

    async def record(self, transition: Transition) -> Stored | None:
        if self.outages[transition.escrow_id]:
            self.outages[transition.escrow_id] -= 1
            raise ConnectionError("the database is away")
        steps = self.steps[transition.escrow_id]
        number = transition.sequence - 2
        if number > len(steps):
            raise LedgerConflict("out of order")
        if number == len(steps):
            steps.append(transition)
            return None
        stored = steps[number]
        if stored == transition:
            return None
        return was(stored)

    async def step(self, escrow_id: str, sequence: int) -> Stored | None:
        steps = self.steps[escrow_id]
        if sequence - 2 >= len(steps):
            return None
        return was(steps[sequence - 2])

    async def booked(self, escrow_id: str, attempt: int) -> bool:
        return any(
            step.name in ("payment_succeeded", "payment_mismatched")
            and step.detail["attempt"] == attempt
            for step in self.steps[escrow_id]
        )

    async def post(self, posting: Posting) -> None:
        self.posted.setdefault((posting.subject, posting.sequence), posting)


def was(step: Transition) -> Stored:
    return Stored(step.name, step.by, step.at, step.detail, step.command)


class ScriptedMerchant:
    """Hears notices at its one endpoint, unless it is down."""

    def __init__(self) -> None:
        self.heard: dict[str, list[int]] = defaultdict(list)
        self.down: set[str] = set()

    async def announce(
        self, notice: Notice, timeout: timedelta, silent: Collection[str] = ()
    ) -> list[Notice]:
        directed = replace(notice, endpoint="whe_1", reason="not_connected")
        if "whe_1" in silent:
            return [directed]
        try:
            await self.deliver(directed, timeout)
        except NotDelivered:
            return [directed]
        return []

    async def deliver(self, notice: Notice, timeout: timedelta) -> None:
        if notice.escrow_id in self.down:
            raise NotDelivered("not_connected")
        self.heard[notice.escrow_id].append(notice.sequence)
