"""Paying others out of the custody account: accepted at once, settled or sent back later."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from banks.sandbox import desk
from banks.sandbox.clock import now
from banks.sandbox.faults import Met
from banks.sandbox.journal import CUSTODY, Transfer, book, standing
from banks.sandbox.magic import Kind
from banks.sandbox.outbox import Outbox
from banks.sandbox.payees import COMES_BACK_AFTER, SETTLES_AFTER, payee
from banks.sandbox.records import declined

#: Where the money is once it has left: the other banks'.
OTHERS = "other_banks"


@dataclass(frozen=True, slots=True)
class RemittanceOrder:
    """`amount` in minor units to `account`, which belongs to `holder`."""

    reference: str
    amount: int
    currency: str
    holder: str
    account: str

    @property
    def said(self) -> str:
        return json.dumps(["remit", self.amount, self.currency, self.holder, self.account])


@dataclass(frozen=True, slots=True)
class Remittance:
    id: int
    reference: str
    amount: int
    currency: str
    holder: str
    account: str
    state: str
    code: str
    due_at: datetime | None
    known_from: datetime
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**row)

    def shown(self) -> dict[str, Any]:
        """The bank's answer about it."""
        said: dict[str, Any] = {"reference": self.reference, "kind": "remit"}
        match self.state:
            case "declined":
                return {**said, **declined(self.code)}
            case "returned":
                return {**said, "status": "returned", "amount": self.amount, "reason": self.code}
        return {**said, "status": self.state, "amount": self.amount}


class Funds:
    """What the custody accounts have, as long as a transaction lasts: summed up once for many."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}

    async def spend(self, connection: Any, amount: int, currency: str) -> bool:
        """Whether there is as much, and then it is spoken for."""
        if currency not in self._left:
            await desk.take_turns(connection, f"{CUSTODY}:{currency}")
            self._left[currency] = await standing(connection, CUSTODY, currency)
        enough = self._left[currency] >= amount
        self._left[currency] -= amount if enough else 0
        return enough


class NotPaid(desk.Refused):
    status, code = 409, "not_paid"


class Remittances:
    """`pool` is asyncpg's."""

    def __init__(self, pool: Any, outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox

    async def run(self, order: RemittanceOrder, met: Met) -> Remittance:
        """Accept it once; the same order again gets the same answer. Raises ReferenceReused."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await take(connection, order, met, Funds())

    async def go_on(self, number: int) -> None:
        """What falls due by the clock: accepted, settled, refused after all, or sent back."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM remittance WHERE id = $1 AND due_at <= $2 FOR UPDATE", number, now()
            )
            if row is None:
                return
            done = await _next(connection, Remittance.of(row))
            await self._outbox.put(connection, f"remittance.{done.state}", done.reference, Met())
        self._outbox.wake()

    async def send_back(self, reference: str, reason: str) -> Remittance:
        """It comes back now, whoever it went to. Raises UnknownReference, NotPaid."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM remittance WHERE reference = $1 ORDER BY id DESC LIMIT 1 FOR UPDATE",
                reference,
            )
            if row is None:
                raise desk.UnknownReference(f"{reference} is no remittance")
            if row["state"] not in ("accepted", "settled"):
                raise NotPaid(f"{reference} is {row['state']}")
            done = await _return(connection, Remittance.of(row), reason)
            await self._outbox.put(connection, "remittance.returned", reference, Met())
        self._outbox.wake()
        return done

    async def by_reference(self, reference: str) -> Remittance | None:
        async with self._pool.acquire() as connection:
            return await find(connection, reference)


async def take(connection: Any, order: RemittanceOrder, met: Met, funds: Funds) -> Remittance:
    """As `Remittances.run`, in the caller's transaction."""
    replay = await desk.remembers(connection, order.reference, order.said)
    if replay and (before := await find(connection, order.reference)):
        return before
    if refusal := met.get(Kind.DECLINED):
        return await _insert(connection, order, met, "declined", refusal.code)
    if met.get(Kind.PENDING):
        return await _insert(connection, order, met, "pending")
    new = await _insert(connection, order, met, "accepted")
    return await _accept(connection, new, funds)


async def find(connection: Any, reference: str) -> Remittance | None:
    """The newest remittance of this reference."""
    row = await connection.fetchrow(
        "SELECT * FROM remittance WHERE reference = $1 ORDER BY id DESC LIMIT 1", reference
    )
    return Remittance.of(row) if row else None


async def _accept(connection: Any, new: Remittance, funds: Funds) -> Remittance:
    """The money leaves the custody account, which never goes below zero."""
    if not await funds.spend(connection, new.amount, new.currency):
        return await _become(connection, new, "declined", "insufficient_custody")
    await _move(connection, "remit", new, CUSTODY, OTHERS)
    return await _become(connection, new, "accepted", wait=SETTLES_AFTER)


async def _next(connection: Any, one: Remittance) -> Remittance:
    other = payee(one.account)
    match one.state:
        case "pending":
            return await _accept(connection, one, Funds())
        case "accepted" if other.rejects:
            await _move(connection, "reject", one, OTHERS, CUSTODY)
            return await _become(connection, one, "declined", other.rejects)
        case "accepted":
            wait = COMES_BACK_AFTER if other.returns else None
            return await _become(connection, one, "settled", wait=wait)
    return await _return(connection, one, other.returns)


async def _return(connection: Any, one: Remittance, reason: str) -> Remittance:
    await _move(connection, "return", one, OTHERS, CUSTODY)
    return await _become(connection, one, "returned", reason)


async def _move(connection: Any, kind: str, one: Remittance, debit: str, credit: str) -> None:
    await book(connection, Transfer(kind, one.reference, debit, credit, one.amount, one.currency))


async def _become(
    connection: Any, one: Remittance, state: str, code: str = "", wait: float | None = None
) -> Remittance:
    due = None if wait is None else now() + timedelta(seconds=wait)
    row = await connection.fetchrow(
        "UPDATE remittance SET state = $2, code = $3, due_at = $4 WHERE id = $1 RETURNING *",
        one.id,
        state,
        code,
        due,
    )
    return Remittance.of(row)


async def _insert(
    connection: Any, order: RemittanceOrder, met: Met, state: str, code: str = ""
) -> Remittance:
    at = now()
    row = await connection.fetchrow(
        "INSERT INTO remittance"
        " (reference, amount, currency, holder, account, state, code, due_at, known_from)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *",
        order.reference,
        order.amount,
        order.currency,
        order.holder,
        order.account,
        state,
        code,
        at + timedelta(seconds=met.seconds(Kind.PENDING)) if state == "pending" else None,
        at + timedelta(seconds=met.seconds(Kind.HIDDEN)),
    )
    return Remittance.of(row)
