"""Merchants who have sold something, in a test's words."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.merchants import create_merchant
from clearing.contracts import agree, set_bank_account
from clearing.opening import open_payout
from clearing.port import Moved, Payout, PayoutState, Run
from clearing.runs import Runs
from domain import events
from domain.accounts import Account, Code
from domain.clearing import PayoutTerms
from domain.escrow import Escrow
from ledger.port import Posting
from tests.builders import NOON
from tests.integration.ledger.books import Books, posting

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)


class Till:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.books = Books(engine)
        self.runs = Runs(engine, ["sandbox"])

    async def merchant(
        self, *, paid_to: str = "6222-1", currency: str = "EUR", **terms: Any
    ) -> str:
        """A merchant with bank details ("" for none), paid on the day of the release unless
        `terms` say otherwise.
        """
        async with self.engine.begin() as connection:
            merchant = await create_merchant(connection, "Till")
            said = PayoutTerms(**({"days": 0} | terms))
            await agree(connection, merchant.id, currency, said)
            if paid_to:
                await set_bank_account(connection, merchant.id, currency, "Till", paid_to)
        return merchant.id

    async def sold(self, merchant_id: str, amount: int, **said: Any) -> Escrow:
        """A purchase, released at NOON."""
        escrow = await self.books.paid(merchant_id=merchant_id, amount=amount, **said)
        return await self.books.record(escrow, events.Shipped(), events.ReceiptConfirmed())

    async def open(
        self, merchant_id: str, day: date = TODAY, currency: str = "EUR", at: datetime = NOON
    ) -> Payout | None:
        async with self.engine.begin() as connection:
            return await open_payout(connection, Run("sandbox", currency, day), merchant_id, at)

    async def paid_out(self, merchant_id: str, *sold: int) -> Payout:
        """A payout of what was `sold`, to a merchant that is there."""
        async with self.engine.begin() as connection:
            await agree(connection, merchant_id, "EUR", PayoutTerms(days=0))
            await set_bank_account(connection, merchant_id, "EUR", "Till", "62220018")
        for amount in sold or (700,):
            await self.sold(merchant_id, amount)
        payout = await self.open(merchant_id)
        assert payout is not None
        return payout

    async def move(self, payout: Payout, to: PayoutState, reason: str = "") -> Moved:
        return await self.runs.move(payout.id, to, reason)

    async def owed(self, code: Code, merchant_id: str) -> int:
        return await self.books.owed(Account(code, merchant_id))

    async def post(self, posted: Posting) -> None:
        await self.books.book.post(posted)

    async def lines(self, payout: Payout) -> list[int]:
        query = text("SELECT amount FROM payout_line WHERE payout_id = :id ORDER BY amount")
        async with self.engine.connect() as connection:
            return list((await connection.scalars(query, {"id": payout.id})).all())


__all__ = ["TODAY", "TOMORROW", "Till", "posting"]
