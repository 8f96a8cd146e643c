"""One purchase as a test drives it: what each party does, in words."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from banks.port import Deducted, Frozen, Payer, Truth
from domain.states import Party
from domain.terms import FeePolicy, Funding, HoldExpiry, Terms, Windows
from tests.workflows.parts import MemoryBook, MemoryOperations, ScriptedBank, ScriptedMerchant
from workflows.commands import (
    AnswerDispute,
    BankReport,
    Cancel,
    Confirm,
    Extend,
    OpenDispute,
    Pay,
    PaymentPage,
    Refund,
    ResolveDispute,
    Ship,
    Standing,
    WithdrawDispute,
)
from workflows.escrow import EscrowWorkflow, Outcome
from workflows.late import LatePayment, LatePaymentOrder
from workflows.names import ESCROW_STAGE, late_payment_id
from workflows.start import start_escrow

PRICE = 12_345
#: Far longer than anything here takes; reached only when something never happens.
PATIENCE = 60.0
#: What the updates of a dispute are called.
QUARRELS = {
    OpenDispute: "open_dispute",
    WithdrawDispute: "withdraw_dispute",
    AnswerDispute: "answer_dispute",
    ResolveDispute: "resolve_dispute",
}
Quarrel = OpenDispute | WithdrawDispute | AnswerDispute | ResolveDispute


@dataclass
class World:
    client: Client
    skipper: TimeSkipper
    bank: ScriptedBank
    #: A second one, which the worker knows as "other".
    other: ScriptedBank
    operations: MemoryOperations
    book: MemoryBook
    merchant: ScriptedMerchant

    async def open(
        self,
        *,
        funding: Funding = Funding.DEDUCT,
        skipping: bool = False,
        merchant: str = "",
        hold_expiry: HoldExpiry = HoldExpiry.LAPSE,
        **windows: timedelta,
    ) -> "Trade":
        """Start a purchase; `skipping` gives it a clock that `fast_forward` moves."""
        terms = Terms(
            escrow_id=f"esc_{uuid.uuid4().hex}",
            merchant_id=merchant or f"mer_{uuid.uuid4().hex}",
            order_id="order-1",
            amount=PRICE,
            currency="CNY",
            opened_at=datetime.now(UTC),
            funding=funding,
            windows=Windows(**windows),
            fee=FeePolicy(bps=60),
            hold_expiry=hold_expiry,
        )
        client = self.skipper.client if skipping else self.client
        await self.register(terms)
        await start_escrow(client, terms)
        handle = client.get_workflow_handle(terms.escrow_id, result_type=Outcome)
        return Trade(self, terms, handle)

    async def register(self, terms: Terms) -> None:
        """What has to be there before a purchase starts: here, nothing."""

    async def paid(self, *, funding: Funding = Funding.DEDUCT, **kind: object) -> "Trade":
        trade = await self.open(funding=funding, **kind)  # type: ignore[arg-type]
        await trade.pay()
        await trade.bank_says(trade.yes())
        await trade.reaches("awaiting_shipment")
        return trade

    async def shipped(self, **kind: object) -> "Trade":
        trade = await self.paid(**kind)  # type: ignore[arg-type]
        await trade.ship()
        await trade.reaches("awaiting_confirmation")
        return trade


@dataclass
class Trade:
    world: World
    terms: Terms
    handle: WorkflowHandle[EscrowWorkflow, Outcome]

    @property
    def id(self) -> str:
        return self.terms.escrow_id

    @property
    def stage(self) -> str:
        steps = self.world.book.steps[self.id]
        return steps[-1].row.stage if steps else "awaiting_payment"

    @property
    def steps(self) -> list[str]:
        return self.world.book.names(self.id)

    def reference(self, what: str, number: int = 1) -> str:
        return f"{self.id}:{what}:{number}"

    def yes(self) -> Truth:
        if self.terms.funding is Funding.DEDUCT:
            return Deducted(PRICE)
        return Frozen(PRICE, datetime.now(UTC) + timedelta(days=30))

    async def pay(
        self, method: str = "card", bank: str = "sandbox", payer: Payer | None = None
    ) -> PaymentPage:
        return await self.handle.execute_update(
            EscrowWorkflow.pay, Pay(bank, method, payer), id=command()
        )

    async def bank_says(self, truth: Truth, attempt: int = 1) -> None:
        """The bank decides and reports."""
        self.world.bank.truths[self.reference("payment", attempt)] = truth
        await self.bank_reports(attempt)

    async def bank_reports(self, attempt: int = 1) -> None:
        report = BankReport(self.reference("payment", attempt))
        await self.handle.signal(EscrowWorkflow.bank_reported, report)

    async def ship(self) -> Standing:
        return await self.handle.execute_update(
            EscrowWorkflow.ship, Ship("SF", "SF-1"), id=command()
        )

    async def confirm(self, command_id: str = "") -> None:
        fact = Confirm(command_id or command())
        await self.handle.signal(EscrowWorkflow.confirm_receipt, fact)

    async def refund(self, amount: int = PRICE) -> Standing:
        return await self.handle.execute_update(EscrowWorkflow.refund, Refund(amount), id=command())

    async def cancel(self, by: Party = Party.BUYER) -> Standing:
        return await self.handle.execute_update(EscrowWorkflow.cancel, Cancel(by), id=command())

    async def extend(self, by: Party, extension: timedelta) -> Standing:
        return await self.handle.execute_update(
            EscrowWorkflow.extend, Extend(by, extension), id=command()
        )

    def late(self) -> LatePaymentOrder:
        reference = self.reference("payment")
        return LatePaymentOrder(
            self.id, self.terms.merchant_id, "sandbox", reference, self.terms.currency
        )

    @property
    def late_handle(self) -> WorkflowHandle[LatePayment, str]:
        """Of what looks after the first payment if it came late."""
        late_id = late_payment_id(self.reference("payment"))
        return self.world.client.get_workflow_handle_for(LatePayment.run, late_id)

    async def late_outcome(self) -> str:
        return await asyncio.wait_for(self.late_handle.result(), PATIENCE)

    async def found_as(self) -> str:
        """What operators find the purchase by."""
        return await found_as(self.handle)

    async def fast_forward(self, duration: timedelta) -> None:
        await self.world.skipper.fast_forward(self.handle, duration)

    async def reaches(self, stage: str) -> None:
        await eventually(lambda: self.stage == stage)

    async def outcome(self) -> Outcome:
        return await asyncio.wait_for(self.handle.result(), PATIENCE)

    def money(self) -> dict[str, int]:
        """What left and what stayed, from the last stored step."""
        row = self.world.book.steps[self.id][-1].row
        return {"held": row.held, "released": row.released, "refunded": row.refunded}


async def found_as(handle: WorkflowHandle[Any, Any]) -> str:
    """The coarse stage that operators search by."""
    return (await handle.describe()).typed_search_attributes.get(ESCROW_STAGE, "")


async def until_found_as(handle: WorkflowHandle[Any, Any], stage: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while await found_as(handle) != stage:  # noqa: ASYNC110 - another server
            await asyncio.sleep(0.02)


async def say(trade: Trade, said: Quarrel, command_id: str = "") -> Standing:
    answer: Standing = await trade.handle.execute_update(
        QUARRELS[type(said)], said, id=command_id or command(), result_type=Standing
    )
    return answer


async def refusal(command: Awaitable[object]) -> str:
    """The code with which an update was refused."""
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await command
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.type or ""


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what it looks at is a fake's plain list
            await asyncio.sleep(0.02)


def command() -> str:
    return uuid.uuid4().hex[:20]
