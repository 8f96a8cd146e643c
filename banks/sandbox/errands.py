"""What the merchant has done with a payment afterwards: deduct, unfreeze, refund."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from banks.sandbox import desk
from banks.sandbox.clock import now
from banks.sandbox.faults import Met
from banks.sandbox.journal import CUSTODY, HOLDS, Transfer, book
from banks.sandbox.magic import Kind, shortened
from banks.sandbox.outbox import Outbox
from banks.sandbox.payments import Payments
from banks.sandbox.records import Errand, Payment


@dataclass(frozen=True, slots=True)
class ErrandOrder:
    """`amount` in minor units, 0 for an unfreezing, which is always whole."""

    kind: str
    reference: str
    of: str
    amount: int = 0
    currency: str = ""

    @property
    def said(self) -> str:
        return json.dumps([self.kind, self.of, self.amount, self.currency])


class Errands:
    """`pool` is asyncpg's."""

    def __init__(self, pool: Any, outbox: Outbox, payments: Payments) -> None:
        self._pool = pool
        self._outbox = outbox
        self._payments = payments

    async def run(self, order: ErrandOrder, met: Met) -> Errand:
        """Do it once; the same order again gets the same answer.

        Raises ReferenceReused, UnknownReference, WrongCurrency.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            replay = await desk.remembers(connection, order.reference, order.said)
            if replay and (before := await desk.errand(connection, order.reference)):
                return before
            payment = await self._payment(connection, order)
            errand = await _insert(connection, order, payment, met)
            if refusal := met.get(Kind.DECLINED):
                return await _decline(connection, errand, refusal.code)
            if met.get(Kind.PENDING):
                return errand
            return await _execute(connection, errand, payment, met)

    async def finish(self, errand_id: int) -> None:
        """Do what was pending, and report it."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM errand WHERE id = $1 AND state = 'pending' FOR UPDATE", errand_id
            )
            if row is None:
                return
            errand = Errand.of(row)
            payment = await self._payments.not_expired(connection, errand.payment)
            done = await _execute(connection, errand, payment, Met())
            status = done.shown()["status"]
            await self._outbox.put(connection, f"{done.kind}.{status}", done.reference, Met())
        self._outbox.wake()

    async def by_reference(self, reference: str) -> Errand | None:
        async with self._pool.acquire() as connection:
            return await desk.errand(connection, reference)

    async def _payment(self, connection: Any, order: ErrandOrder) -> Payment:
        found = await desk.payment(connection, order.of)
        if found is None:
            raise desk.UnknownReference(f"there is no payment {order.of}")
        if order.currency not in {found.currency, ""}:
            raise desk.WrongCurrency(f"{order.of} is in {found.currency}")
        return await self._payments.not_expired(connection, found.token)


async def _execute(connection: Any, errand: Errand, payment: Payment, met: Met) -> Errand:
    match errand.kind:
        case "deduct":
            return await _deduct(connection, errand, payment, short=bool(met.get(Kind.SHORT)))
        case "unfreeze":
            return await _unfreeze(connection, errand, payment)
        case _:
            return await _refund(connection, errand, payment)


async def _deduct(connection: Any, errand: Errand, payment: Payment, *, short: bool) -> Errand:
    """Take it out of the freeze; what is left goes back to the payer, for there is no second."""
    if code := _why_not_frozen(payment):
        return await _decline(connection, errand, code)
    if errand.amount > payment.frozen:
        return await _decline(connection, errand, "exceeds_freeze")
    taken = shortened(errand.amount) if short else errand.amount
    await _move(connection, "deduct", errand, payment, HOLDS, CUSTODY, taken)
    if rest := payment.frozen - taken:
        await _move(connection, "unfreeze", errand, payment, HOLDS, payment.payer, rest)
    await connection.execute(
        "UPDATE payment SET state = 'deducted', frozen = 0, taken = $2 WHERE token = $1",
        payment.token,
        taken,
    )
    return await _done(connection, errand, taken)


async def _unfreeze(connection: Any, errand: Errand, payment: Payment) -> Errand:
    if code := _why_not_frozen(payment):
        return await _decline(connection, errand, code)
    await _move(connection, "unfreeze", errand, payment, HOLDS, payment.payer, payment.frozen)
    await connection.execute(
        "UPDATE payment SET state = 'unfrozen', frozen = 0 WHERE token = $1", payment.token
    )
    return await _done(connection, errand, payment.frozen)


async def _refund(connection: Any, errand: Errand, payment: Payment) -> Errand:
    if not payment.taken:
        return await _decline(connection, errand, "nothing_taken")
    if errand.amount > payment.taken - payment.refunded:
        return await _decline(connection, errand, "exceeds_payment")
    await _move(connection, "refund", errand, payment, CUSTODY, payment.payer, errand.amount)
    await connection.execute(
        "UPDATE payment SET refunded = refunded + $2 WHERE token = $1",
        payment.token,
        errand.amount,
    )
    return await _done(connection, errand, errand.amount)


def _why_not_frozen(payment: Payment) -> str:
    match payment.state:
        case "frozen":
            return ""
        case "expired":
            return "expired"
        case "deducted":
            return "deducted_already"
        case _:
            return "not_frozen"


async def _move(
    connection: Any,
    kind: str,
    errand: Errand,
    payment: Payment,
    debit: str,
    credit: str,
    amount: int,
) -> None:
    move = Transfer(kind, errand.reference, debit, credit, amount, payment.currency)
    await book(connection, move)


async def _insert(connection: Any, order: ErrandOrder, payment: Payment, met: Met) -> Errand:
    at = now()
    row = await connection.fetchrow(
        "INSERT INTO errand (reference, kind, payment, amount, state, due_at, known_from)"
        " VALUES ($1, $2, $3, $4, 'pending', $5, $6) RETURNING *",
        order.reference,
        order.kind,
        payment.token,
        order.amount,
        at + timedelta(seconds=met.seconds(Kind.PENDING)),
        at + timedelta(seconds=met.seconds(Kind.HIDDEN)),
    )
    return Errand.of(row)


async def _done(connection: Any, errand: Errand, moved: int) -> Errand:
    row = await connection.fetchrow(
        "UPDATE errand SET state = 'done', moved = $2 WHERE id = $1 RETURNING *", errand.id, moved
    )
    return Errand.of(row)


async def _decline(connection: Any, errand: Errand, code: str) -> Errand:
    row = await connection.fetchrow(
        "UPDATE errand SET state = 'declined', code = $2 WHERE id = $1 RETURNING *",
        errand.id,
        code,
    )
    return Errand.of(row)
