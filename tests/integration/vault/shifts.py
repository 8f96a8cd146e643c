"""Purchases on a real Temporal whose workers come and go, each with a ring of its own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.bookkeeping import Bookkeeping
from activities.funding import Funding
from activities.notices import Notices
from domain.escrow import Escrow
from domain.terms import Terms
from ledger.book import open_escrow
from runtime.embedded.temporal import TemporalServer
from tests.workflows.parts import MemoryBook, MemoryOperations, ScriptedBank, ScriptedMerchant
from tests.workflows.world import Trade, World
from vault.codec import PurchaseCodec
from vault.keys import Keys, mint
from vault.ring import Ring
from worker import activities, bank_activities, workers
from workflows.escrow import Outcome


@dataclass
class EncryptedWorld(World):
    """Every purchase has its row and its key, as one that came by the API."""

    engine: AsyncEngine
    ring: Ring

    async def register(self, terms: Terms) -> None:
        async with self.engine.begin() as connection:
            await open_escrow(connection, Escrow.opened(terms))
            await mint(connection, self.ring, terms.escrow_id)

    def known(self, trade: Trade) -> Trade:
        """A purchase of an earlier shift, as this one's client sees it."""
        handle = self.client.get_workflow_handle(trade.id, result_type=Outcome)
        return Trade(self, trade.terms, handle)


@dataclass
class Shifts:
    server: TemporalServer
    engine: AsyncEngine
    bank: ScriptedBank = field(default_factory=ScriptedBank)
    operations: MemoryOperations = field(default_factory=MemoryOperations)
    book: MemoryBook = field(default_factory=MemoryBook)
    merchant: ScriptedMerchant = field(default_factory=ScriptedMerchant)

    def codec(self, ring: Ring, *, kept_for: timedelta = timedelta(minutes=1)) -> PurchaseCodec:
        """As a process that has just been started has it."""
        return PurchaseCodec(Keys(self.engine, ring, kept_for=kept_for))

    @contextlib.asynccontextmanager
    async def shift(self, ring: Ring) -> AsyncIterator[EncryptedWorld]:
        """Workers and a client with this ring; those before them are gone."""
        client = await self.server.client("shift", self.codec(ring))
        funding = Funding(
            {"sandbox": self.bank}, self.operations, "http://shop.invalid/pay/{}".format
        )
        local = activities(funding, Bookkeeping(self.book), Notices(self.merchant))
        stories, banking = workers(client, local, bank_activities(funding))
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        parts = (self.bank, self.bank, self.operations, self.book, self.merchant)
        async with stories, banking:
            yield EncryptedWorld(client, skipper, *parts, self.engine, ring)
