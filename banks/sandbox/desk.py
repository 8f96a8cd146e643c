"""What every counter of the bank does first: remember a reference, find its payment, lock it."""

from typing import Any

from banks.sandbox.records import Errand, Payment


class Refused(Exception):
    """The merchant's message is wrong: 4xx, nothing done."""

    status = 400
    code = "bad_request"


class ReferenceReused(Refused):
    status, code = 409, "reference_reused"


class UnknownReference(Refused):
    status, code = 404, "unknown_reference"


class WrongCurrency(Refused):
    status, code = 400, "wrong_currency"


async def remembers(connection: Any, reference: str, said: str) -> bool:
    """Whether this very order came before; two at once take turns. Raises ReferenceReused."""
    await take_turns(connection, reference)
    fresh = await connection.fetchval(
        "INSERT INTO request (reference, said) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING RETURNING true",
        reference,
        said,
    )
    if fresh:
        return False
    before = await connection.fetchval("SELECT said FROM request WHERE reference = $1", reference)
    if before != said:
        raise ReferenceReused(f"{reference} was used for another order")
    return True


async def take_turns(connection: Any, reference: str) -> None:
    """Until the transaction ends nobody else acts under this reference."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", reference)


async def payment(connection: Any, reference: str) -> Payment | None:
    """The newest payment of this reference."""
    row = await connection.fetchrow(
        "SELECT * FROM payment WHERE reference = $1 ORDER BY created_at DESC LIMIT 1", reference
    )
    return Payment.of(row) if row else None


async def locked(connection: Any, token: str) -> Payment:
    """The payment as it is now, and nobody else changes it until the transaction ends."""
    row = await connection.fetchrow("SELECT * FROM payment WHERE token = $1 FOR UPDATE", token)
    return Payment.of(row)


async def errand(connection: Any, reference: str) -> Errand | None:
    """The newest errand of this reference."""
    row = await connection.fetchrow(
        "SELECT * FROM errand WHERE reference = $1 ORDER BY id DESC LIMIT 1", reference
    )
    return Errand.of(row) if row else None
