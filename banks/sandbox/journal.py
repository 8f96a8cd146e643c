"""The bank's own books: every movement debits one account and credits another."""

from dataclasses import dataclass
from typing import Any

from banks.sandbox.people import PAYERS, opening_balance

#: What the bank holds for its customer Danbao, what it has frozen, and its own money.
CUSTODY = "custody"
HOLDS = "holds"
VAULT = "vault"


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` minor units from `debit` to `credit`."""

    kind: str
    reference: str
    debit: str
    credit: str
    amount: int
    currency: str


async def book(connection: Any, transfer: Transfer) -> bool:
    """Move the money in the caller's transaction; False, and nothing done, if it isn't there."""
    if transfer.debit.startswith(PAYERS) and not await _debited(connection, transfer):
        return False
    if transfer.credit.startswith(PAYERS):
        await connection.execute(
            "UPDATE account SET balance = balance + $3 WHERE id = $1 AND currency = $2",
            transfer.credit,
            transfer.currency,
            transfer.amount,
        )
    await _write(connection, transfer)
    return True


async def standing(connection: Any, account: str, currency: str) -> int:
    """What the bank owes on an account of its own, such as CUSTODY: the sum of its lines."""
    return int(
        await connection.fetchval(
            "SELECT coalesce((SELECT sum(amount) FROM transfer WHERE credit = $1 AND currency = $2)"
            ", 0) - coalesce((SELECT sum(amount) FROM transfer WHERE debit = $1 AND currency = $2)"
            ", 0)",
            account,
            currency,
        )
    )


async def entries(
    connection: Any, prefix: str, after: int = 0, limit: int = 1000
) -> list[dict[str, Any]]:
    """The journal in order: lines whose reference starts with `prefix`, past the id `after`."""
    rows = await connection.fetch(
        "SELECT id, at, kind, reference, debit, credit, amount, currency FROM transfer"
        " WHERE starts_with(reference, $1) AND id > $2 ORDER BY id LIMIT $3",
        prefix,
        after,
        limit,
    )
    return [{**row, "at": row["at"].isoformat()} for row in rows]


async def _debited(connection: Any, transfer: Transfer) -> bool:
    await _open_account(connection, transfer.debit, transfer.currency)
    taken = await connection.fetchval(
        "UPDATE account SET balance = balance - $3"
        " WHERE id = $1 AND currency = $2 AND balance >= $3 RETURNING true",
        transfer.debit,
        transfer.currency,
        transfer.amount,
    )
    return bool(taken)


async def _open_account(connection: Any, payer: str, currency: str) -> None:
    """A payer has an account in every currency, opened when it is first needed."""
    opening = opening_balance(payer)
    opened = await connection.fetchval(
        "INSERT INTO account VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true",
        payer,
        currency,
        opening,
    )
    if opened:
        transfer = Transfer("opening", f"opening:{payer}", VAULT, payer, opening, currency)
        await _write(connection, transfer)


async def _write(connection: Any, transfer: Transfer) -> None:
    await connection.execute(
        "INSERT INTO transfer (kind, reference, debit, credit, amount, currency)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        transfer.kind,
        transfer.reference,
        transfer.debit,
        transfer.credit,
        transfer.amount,
        transfer.currency,
    )
