"""One purchase, from the first choice of a bank until the last unit has left.

The rules stand in `domain/`; this is when they are asked.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

from workflows.alarm import Alarm
from workflows.commands import (
    BankReport,
    Cancel,
    Confirm,
    Extend,
    Pay,
    PaymentPage,
    Refund,
    RowMoved,
    Ship,
    Standing,
)
from workflows.details import next_ring
from workflows.disputing import Disputing
from workflows.paying import Paying
from workflows.purchase import Purchase, command_id, standing
from workflows.refusals import refusing

with workflow.unsafe.imports_passed_through():
    from domain import events
    from domain.escrow import Escrow
    from domain.events import Event
    from domain.states import Party
    from domain.terms import Terms


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a purchase ended; amounts in minor units."""

    stage: str
    released: int
    refunded: int
    review: str


@workflow.defn(name="Escrow")
class EscrowWorkflow(Disputing):
    @workflow.init
    def __init__(self, terms: Terms) -> None:
        self.purchase = Purchase(terms)
        self.paying = Paying(self.purchase)
        self.alarm = Alarm()
        self.seen: set[str] = set()

    @workflow.run
    async def run(self, terms: Terms) -> Outcome:
        """Live until every unit has left and every way out has its answer from the bank."""
        life = asyncio.create_task(self.live())
        while not life.done():
            try:
                await asyncio.shield(life)
            except asyncio.CancelledError:
                # Cancelling a workflow must not strand money; `cancel` is the command for that.
                workflow.logger.warning("cancellation ignored: %s", terms.escrow_id)
        life.result()
        return self.outcome()

    async def live(self) -> None:
        while not self.over:
            if not self.escrow.ended:
                self.alarm.set(self.wake_up, next_ring(self.escrow))
            # Whatever comes first: a command, the bank's word, or the next deadline or reminder.
            await workflow.wait_condition(self.moved)
            self.purchase.errands.check()
            if not self.escrow.ended and self.alarm.rang:
                await self.clock_strikes()

    @property
    def over(self) -> bool:
        return self.purchase.over and workflow.all_handlers_finished()

    @property
    def escrow(self) -> Escrow:
        return self.purchase.escrow

    @property
    def wake_up(self) -> datetime | None:
        return self.paying.wake_up if self.paying.under_way else self.escrow.next_wake_up

    def moved(self) -> bool:
        """Something to do: nothing is due any more in a purchase that has only to be told."""
        due = not self.escrow.ended and (self.alarm.rang or self.wake_up != self.alarm.at)
        return self.over or due or self.purchase.errands.failed

    async def clock_strikes(self) -> None:
        if self.paying.under_way:
            self.paying.ask()
            return
        async with self.purchase.lock:
            # Somebody may have moved, or begun to pay, while we waited for the lock.
            event = self.escrow.due(workflow.now())
            if event is not None and not self.paying.under_way:
                # Followed a ledger that was ahead instead: then the alarm rings once more.
                await self.purchase.commit(event)

    def outcome(self) -> Outcome:
        amounts = self.escrow.amounts
        return Outcome(self.escrow.stage, amounts.released, amounts.refunded, self.escrow.review)

    # Requests: refused with a typed error, or done.

    @workflow.update
    async def pay(self, command: Pay) -> PaymentPage:
        with refusing():
            return await self.paying.pay(command, command_id())

    @workflow.update
    async def cancel(self, command: Cancel) -> Standing:
        with refusing():
            event = events.Cancelled(by=command.by)
            return standing(await self.paying.leaving(event, command_id()))

    @workflow.update
    async def ship(self, command: Ship) -> Standing:
        return await self.purchase.obey(shipped(command))

    @workflow.update
    async def refund(self, command: Refund) -> Standing:
        return await self.purchase.obey(refunded(command))

    @workflow.update
    async def extend(self, command: Extend) -> Standing:
        return await self.purchase.obey(extended(command))

    # Facts: they happened, whatever we think of them.

    @workflow.signal
    async def confirm_receipt(self, fact: Confirm) -> None:
        if fact.command_id not in self.seen:
            self.seen.add(fact.command_id)
            await self.purchase.move_if_possible(events.ReceiptConfirmed(by=Party.BUYER))

    @workflow.signal
    async def bank_reported(self, report: BankReport) -> None:
        await self.paying.reported(report.reference)

    @workflow.signal
    async def row_moved(self, fact: RowMoved) -> None:
        """A door has read on the row what we do not know yet: a worker died in between."""
        if self.escrow.sequence < fact.version:
            async with self.purchase.lock:
                await self.purchase.catch_up()

    @workflow.query
    def state(self) -> Escrow:
        """For operators and tests; pages read the row that `record` moved."""
        return self.escrow

    # A first look at each request.

    @pay.validator
    def may_pay(self, command: Pay) -> None:
        self.paying.first_look(events.PaymentStarted(bank=command.bank, method=command.method))

    @cancel.validator
    def may_cancel(self, command: Cancel) -> None:
        self.paying.first_look(events.Cancelled(by=command.by))

    @ship.validator
    def may_ship(self, command: Ship) -> None:
        self.purchase.first_look(shipped(command))

    @refund.validator
    def may_refund(self, command: Refund) -> None:
        self.purchase.first_look(refunded(command))

    @extend.validator
    def may_extend(self, command: Extend) -> None:
        self.purchase.first_look(extended(command))


def shipped(command: Ship) -> Event:
    return events.Shipped(carrier=command.carrier, tracking=command.tracking)


def refunded(command: Refund) -> Event:
    return events.RefundGranted(amount=command.amount)


def extended(command: Extend) -> Event:
    return events.InspectionExtended(extension=command.extension, by=command.by)
