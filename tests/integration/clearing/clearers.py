"""Workers on the real ledger and a real Temporal server, and a bank that says what a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.after_sale import AfterSale
from activities.batches import Batches
from activities.bookkeeping import Bookkeeping
from activities.clearing import Clearing
from activities.funding import Funding
from activities.notices import Notices
from banks.operations import Operations
from clearing.after_sale import AfterSaleBook
from clearing.port import Payout, Run
from clearing.runs import Runs
from domain.currencies import EXPONENTS
from ledger.book import Book
from tests.workflows.parts import ScriptedBank, ScriptedMerchant
from worker import activities, after_sale_activities, bank_activities, clearing_activities, workers
from workflows.clearing import ClearingDay, ClearingWorkflow, Tally
from workflows.names import ESCROW_QUEUE, clearing_id, payout_id
from workflows.payout import PayoutWorkflow


class Clearers:
    def __init__(self, client: Client, engine: AsyncEngine) -> None:
        self.client = client
        self.engine = engine
        self.bank: ScriptedBank = ScriptedBank()
        self.merchant = ScriptedMerchant()
        self.after_sale = AfterSaleBook(engine)
        # Clocks stand until a test moves them.
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))

    @contextlib.asynccontextmanager
    async def at_work(self, runs: Runs | None = None) -> AsyncIterator[None]:
        banks, operations = {"sandbox": self.bank}, Operations(self.engine)
        funding = Funding(banks, operations, str)
        local = activities(funding, Bookkeeping(Book(self.engine)), Notices(self.merchant))
        local += after_sale_activities(AfterSale(self.after_sale))
        local += clearing_activities(Clearing(runs or Runs(self.engine, ["sandbox"])))
        at_banks = bank_activities(funding, Batches(banks, operations))
        stories, banking = workers(self.client, local, at_banks)
        async with stories, banking:
            yield

    async def start(
        self, currency: str, day: date, share: int = 3, most: int = 2
    ) -> WorkflowHandle[Any, Tally]:
        run = Run("sandbox", currency, day)
        return await self.client.start_workflow(
            ClearingWorkflow.run,
            ClearingDay(run, share, most),
            id=clearing_id("sandbox", currency, day),
            task_queue=ESCROW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )

    async def follow(self, payout: Payout) -> WorkflowHandle[Any, str]:
        """The payout's own workflow, with a clock that `skipper` moves."""
        return await self.skipper.client.start_workflow(
            PayoutWorkflow.run, payout, id=payout_id(payout.id), task_queue=ESCROW_QUEUE
        )

    def payout(self, payout: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(payout_id(payout))

    async def states(self, currency: str) -> dict[str, str]:
        """merchant → the state of its newest payout."""
        query = text(
            "SELECT merchant_id, state FROM payout WHERE currency = :currency ORDER BY day"
        )
        async with self.engine.connect() as connection:
            rows = await connection.execute(query, {"currency": currency})
            return {row.merchant_id: row.state for row in rows}

    async def until(self, is_so: Callable[[dict[str, str]], bool], currency: str) -> None:
        """Fails by pytest's own limit if it never is."""
        while not is_so(await self.states(currency)):  # noqa: ASYNC110 (the database says nothing)
            await asyncio.sleep(0.05)


def references(bank: ScriptedBank, call: str = "remit") -> list[str]:
    return [reference for said, reference in bank.calls if said == call]


_UNUSED = iter(sorted(set(EXPONENTS) - {"CHF", "CNY", "EUR", "JPY", "USD"}))


def currency() -> str:
    """One of its own for each test, so that its clearing day holds nobody else's merchants."""
    return next(_UNUSED)
