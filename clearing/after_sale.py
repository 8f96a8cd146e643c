"""The port's `AfterSale` on PostgreSQL: steps of a purchase whose own workflow has ended.

Nobody else writes its row by then but others of these, and each holds the row while it does.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from clearing.balances import claim, standing
from clearing.contracts import payout_terms
from clearing.port import BackOrder, BankHeard, RefundAsked, Ruling, Told
from domain.accounts import Code
from domain.after_sale import Standing, refund_after_release
from domain.errors import BankUndecided, EscrowEnded, Refusal
from domain.escrow import Escrow
from domain.events import Event, RefundedAfterRelease, ReturnRefused, ReturnSucceeded
from domain.states import Party, Return, Stage, Way, after_sale_reference
from ledger.book import RECORD, record_parameters
from ledger.errors import storing
from ledger.port import LedgerConflict, Transition, rebuilt
from ledger.reading import projected
from ledger.statements import ESCROW, EVENT, TRANSITION

ANSWERED = (ReturnSucceeded.name, ReturnRefused.name)
_NOW = text("SELECT clock_timestamp()")


class AfterSaleBook:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def refund(self, asked: RefundAsked) -> Ruling:
        """As the port says. Raises LedgerConflict, InsufficientFunds: try again."""
        try:
            async with self._engine.begin() as connection:
                return await self._refund(connection, asked)
        except Refusal as refusal:
            return Ruling(refused=refusal.code, why=str(refusal))

    async def heard(self, fact: BankHeard) -> Told:
        """As the port says. Raises LedgerConflict."""
        command = f"{fact.reference}:{fact.name}"
        async with self._engine.begin() as connection:
            after = await _standing(connection, fact.escrow_id)
            if found := await _done(connection, fact.escrow_id, command):
                return found[0]
            event = rebuilt(fact.name, Party.BANK, dict(fact.detail))
            return await _record(connection, after.escrow, event, command)

    async def _refund(self, connection: AsyncConnection, asked: RefundAsked) -> Ruling:
        after = await _standing(connection, asked.escrow_id)
        if found := await _done(connection, asked.escrow_id, asked.command):
            told, detail = found
            return Ruling(after.order(int(detail["number"]), int(detail["amount"])), told)
        if after.escrow.stage is not Stage.COMPLETED:
            raise EscrowEnded(f"this purchase is {after.escrow.stage}")
        if after.others_returning:
            raise BankUndecided("a refund from before the release is still under way")
        number, terms = after.number + 1, after.escrow.terms
        await claim(connection, terms.merchant_id, terms.currency)
        event = refund_after_release(
            after.escrow,
            number,
            asked.amount,
            await _there(connection, terms.merchant_id, terms.currency),
            await payout_terms(connection, terms.merchant_id, terms.currency),
        )
        told = await _record(connection, after.escrow, event, asked.command)
        return Ruling(after.order(number, asked.amount), told)


class _After:
    """A purchase after its end: as its row and its steps say.

    `number` counts its refunds after the release.
    """

    def __init__(self, row: Any, steps: list[Any]) -> None:
        granted = [step.detail for step in steps if step.name == RefundedAfterRelease.name]
        answered = {step.detail["reference"] for step in steps if step.name in ANSWERED}
        escrow = projected(row)
        backs = [_back(escrow, said["number"], said["amount"]) for said in granted]
        pending = tuple(back for back in backs if back.reference not in answered)
        self.escrow = replace(escrow, returns=pending)
        self.number = len(granted)
        #: What the purchase's own workflow still waits for.
        self.others_returning = row.returning - sum(back.amount for back in pending)

    def order(self, number: int, amount: int) -> BackOrder:
        back = _back(self.escrow, number, amount)
        terms = self.escrow.terms
        return BackOrder(
            self.escrow.bank, back.reference, back.of, amount, terms.currency, terms.funding
        )


def _back(escrow: Escrow, number: int, amount: int) -> Return:
    reference = after_sale_reference(escrow.terms.escrow_id, number)
    return Return(Way.REFUND, reference, escrow.payment, amount)


async def _standing(connection: AsyncConnection, escrow_id: str) -> _After:
    """With its row held until the transaction ends."""
    held = select(ESCROW).where(ESCROW.c.id == escrow_id).with_for_update()
    row = (await connection.execute(held)).one()
    step = TRANSITION.c
    steps = select(step.name, step.detail).where(
        step.escrow_id == escrow_id, step.name.in_((RefundedAfterRelease.name, *ANSWERED))
    )
    return _After(row, list(await connection.execute(steps)))


async def _done(
    connection: AsyncConnection, escrow_id: str, command: str
) -> tuple[Told, dict[str, Any]] | None:
    """The step that this command has caused already."""
    step = TRANSITION.c
    query = select(step.sequence, step.detail).where(
        step.escrow_id == escrow_id, step.command == command
    )
    found = (await connection.execute(query)).one_or_none()
    if found is None:
        return None
    events = select(func.min(EVENT.c.sequence), func.count()).where(
        EVENT.c.escrow_id == escrow_id, EVENT.c.transition == found.sequence
    )
    first, count = (await connection.execute(events)).one()
    return Told(Stage.COMPLETED.value, found.sequence, first or 0, count), found.detail


async def _there(connection: AsyncConnection, merchant_id: str, currency: str) -> Standing:
    async def of(code: Code) -> int:
        return await standing(connection, code, merchant_id, currency)

    return Standing(
        payable=await of(Code.MERCHANT_PAYABLE),
        reserve=await of(Code.MERCHANT_RESERVE),
        owed=-await of(Code.MERCHANT_RECEIVABLE),
    )


async def _record(connection: AsyncConnection, escrow: Escrow, event: Event, command: str) -> Told:
    at: datetime = (await connection.execute(_NOW)).scalar_one()
    transition = Transition.of(escrow.after(event, at), command)
    what = f"step {transition.sequence} of {transition.escrow_id}"
    with storing(what):
        moved = await connection.scalar(RECORD, record_parameters(transition))
    if moved is None:
        raise LedgerConflict(f"{what} is out of order")
    row = transition.row
    return Told(row.status, transition.sequence, transition.first_event, len(transition.tells))
