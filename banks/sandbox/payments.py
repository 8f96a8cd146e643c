"""A payment from its page to the money: what the merchant starts and closes, the buyer confirms."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from banks.sandbox import desk, people, remembered
from banks.sandbox.clock import now
from banks.sandbox.faults import Faults, Met
from banks.sandbox.journal import CUSTODY, HOLDS, Transfer, book
from banks.sandbox.magic import Call, Kind, shortened
from banks.sandbox.outbox import Outbox
from banks.sandbox.records import Payment
from banks.sandbox.remembered import Means

#: States that the buyer has decided and `find` may be late to show.
DECIDED = frozenset({"deducted", "frozen", "declined", "processing"})


@dataclass(frozen=True, slots=True)
class Order:
    """A payment as the merchant wants it. Amount in minor units."""

    reference: str
    funding: str
    amount: int
    currency: str
    return_url: str
    #: As in `records.Payment`.
    buyer: str = ""
    saved: str = ""
    remember: bool = False

    @property
    def said(self) -> str:
        said = ["payment", self.funding, self.amount, self.currency, self.return_url]
        if self.buyer:
            said += [self.buyer, self.saved, self.remember]
        return json.dumps(said)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The buyer's word: from whose account, by the saved method or not, and what to remember."""

    account: str
    by_saved: bool = False
    keep: Means | None = None


class Payments:
    """`pool` is asyncpg's; `freeze` is how long a freeze can be deducted from."""

    def __init__(self, pool: Any, outbox: Outbox, faults: Faults, freeze: timedelta) -> None:
        self._pool = pool
        self._outbox = outbox
        self._faults = faults
        self._freeze = freeze

    async def start(self, order: Order, met: Met) -> tuple[Payment, bool]:
        """The payment, and whether it is new; the same order again is the same payment.

        Raises ReferenceReused.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            replay = await desk.remembers(connection, order.reference, order.said)
            before = await desk.payment(connection, order.reference)
            if before and (replay or before.pageless):
                return before, False
            if code := await _refusal(connection, order.buyer, order.saved, met):
                return await _insert(connection, order, "declined", met, code), True
            return await _insert(connection, order, "open", met), True

    async def close(self, reference: str, met: Met) -> Payment:
        """It can't be paid any more, unless it was. An unknown one can't be started any more."""
        async with self._pool.acquire() as connection, connection.transaction():
            await desk.take_turns(connection, reference)
            found = await desk.payment(connection, reference)
            if found is None:
                tombstone = Order(reference, "deduct", 0, "", "")
                return await _insert(connection, tombstone, "closed", met, "closed")
            payment = await self.not_expired(connection, found.token)
            if payment.state not in {"open", "processing", "closed"}:
                return payment
            return await _update(
                connection,
                payment,
                state="closed" if payment.state == "open" else payment.state,
                closed_at=payment.closed_at or now(),
                still_payable=payment.still_payable or bool(met.get(Kind.PAYABLE_AFTER_CLOSE)),
            )

    async def pay(self, token: str, by: Confirmed, met: Met) -> Payment:
        """The buyer has confirmed: the money moves, once, however often this is sent."""
        told = await self._how_to_tell(token, by.account)
        async with self._pool.acquire() as connection, connection.transaction():
            payment = await desk.locked(connection, token)
            if not payment.payable:
                return payment
            saved = payment.saved if by.by_saved else ""
            if code := await _refusal(connection, payment.buyer, saved, met):
                paid = await self._decline(connection, payment, by.account, code, told)
            elif wait := met.get(Kind.PENDING):
                due = now() + timedelta(seconds=wait.seconds)
                changes = {"state": "processing", "payer": by.account, "settles_at": due}
                paid = await _update(connection, payment, **changes)
            else:
                paid = await self._secure(connection, payment, by.account, met, told)
            if by.keep and payment.remember and paid.state != "declined":
                await remembered.keep(connection, payment.buyer, by.account, by.keep)
        self._outbox.wake()
        return paid

    async def decline(self, token: str, code: str) -> Payment:
        """The buyer gives up or fails at the page: a definitive no."""
        told = await self._how_to_tell(token, "")
        async with self._pool.acquire() as connection, connection.transaction():
            payment = await desk.locked(connection, token)
            if not payment.payable:
                return payment
            declined = await self._decline(connection, payment, "", code, told)
        self._outbox.wake()
        return declined

    async def settle(self, token: str) -> None:
        """The bank has finished working on a payment, whatever was said meanwhile."""
        async with self._pool.acquire() as connection, connection.transaction():
            payment = await desk.locked(connection, token)
            if payment.state == "processing":
                await self._secure(connection, payment, payment.payer, Met(), Met())
        self._outbox.wake()

    async def by_token(self, token: str) -> Payment | None:
        row = await self._pool.fetchrow("SELECT * FROM payment WHERE token = $1", token)
        return Payment.of(row) if row else None

    async def by_reference(self, reference: str) -> Payment | None:
        async with self._pool.acquire() as connection:
            return await desk.payment(connection, reference)

    async def not_expired(self, connection: Any, token: str) -> Payment:
        """The locked payment, after a freeze whose time is over was given back."""
        payment = await desk.locked(connection, token)
        if payment.state != "frozen" or payment.expires_at is None or payment.expires_at > now():
            return payment
        await self._move(connection, "expire", payment, HOLDS, payment.payer, payment.frozen)
        await self._outbox.put(connection, "payment.expired", payment.reference, Met())
        return await _update(connection, payment, state="expired", frozen=0)

    async def _secure(
        self, connection: Any, payment: Payment, payer: str, met: Met, told: Met
    ) -> Payment:
        amount = shortened(payment.amount) if met.get(Kind.SHORT) else payment.amount
        frozen = payment.funding == "freeze"
        kind, to = ("freeze", HOLDS) if frozen else ("deduct", CUSTODY)
        if not await self._move(connection, kind, payment, payer, to, amount):
            return await self._decline(connection, payment, payer, "insufficient_funds", told)
        state = "frozen" if frozen else "deducted"
        await self._outbox.put(connection, f"payment.{state}", payment.reference, told)
        until, gone = self._validity(met) if frozen else (None, None)
        return await _update(
            connection,
            payment,
            state=state,
            payer=payer,
            frozen=amount if frozen else 0,
            taken=0 if frozen else amount,
            capture_before=until,
            expires_at=gone,
            shown_from=now() + timedelta(seconds=met.seconds(Kind.HIDDEN)),
        )

    async def _decline(
        self, connection: Any, payment: Payment, payer: str, code: str, told: Met
    ) -> Payment:
        await self._outbox.put(connection, "payment.declined", payment.reference, told)
        return await _update(connection, payment, state="declined", payer=payer, code=code)

    def _validity(self, met: Met) -> tuple[datetime, datetime]:
        """Until when the freeze is promised, and when it really ends."""
        short, early = met.get(Kind.SHORT_FREEZE), met.get(Kind.EARLY_EXPIRY)
        until = now() + (timedelta(seconds=short.seconds) if short else self._freeze)
        return until, now() + timedelta(seconds=early.seconds) if early else until

    async def _how_to_tell(self, token: str, payer: str) -> Met:
        payment = await self.by_token(token)
        if payment is None:
            return Met()
        own = people.faults_of(payer)
        return await self._faults.met(Call.CALLBACK, payment.reference, payment.amount, own)

    async def _move(
        self, connection: Any, kind: str, payment: Payment, debit: str, credit: str, amount: int
    ) -> bool:
        move = Transfer(kind, payment.reference, debit, credit, amount, payment.currency)
        return await book(connection, move)


async def _refusal(connection: Any, buyer: str, saved: str, met: Met) -> str:
    """Why not: by the saved method, or as a fault has it. "" when nothing stands against it."""
    if code := await remembered.refusal(connection, buyer, saved):
        return code
    fault = met.get(Kind.DECLINED)
    return fault.code if fault else ""


async def _insert(connection: Any, order: Order, state: str, met: Met, code: str = "") -> Payment:
    at = now()
    row = await connection.fetchrow(
        "INSERT INTO payment (token, reference, funding, amount, currency, return_url, buyer,"
        " saved, remember, state, pageless, code, closed_at, known_from, shown_from)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING *",
        secrets.token_urlsafe(24),
        order.reference,
        order.funding,
        order.amount,
        order.currency,
        order.return_url,
        order.buyer,
        order.saved,
        order.remember,
        state,
        state != "open",
        code,
        at if state == "closed" else None,
        at + timedelta(seconds=met.seconds(Kind.HIDDEN)),
    )
    return Payment.of(row)


async def _update(connection: Any, payment: Payment, **changes: object) -> Payment:
    # The names are our own keyword arguments, never anybody's input.
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=2))
    query = f"UPDATE payment SET {names} WHERE token = $1 RETURNING *"  # noqa: S608
    return Payment.of(await connection.fetchrow(query, payment.token, *changes.values()))
