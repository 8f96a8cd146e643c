"""Files of payouts: pain.001 in, pain.002 out. All that a file orders is done, or nothing of it."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from banks.files import pain001, pain002
from banks.files.errors import BankFileError
from banks.files.pain001 import PayoutBatch, PayoutOrder
from banks.files.pain002 import GroupAdvice, PayoutAdvice, StatusReport, TransactionStatus, Verdict
from banks.files.values import Reason
from banks.sandbox import desk
from banks.sandbox.clock import now
from banks.sandbox.faults import Faults, Met
from banks.sandbox.journal import CUSTODY
from banks.sandbox.magic import Call, Fault, Kind
from banks.sandbox.payees import payee
from banks.sandbox.remittances import Funds, Remittance, RemittanceOrder, take
from banks.sandbox.statements import account_of

#: More would take longer than a caller waits.
MAX_ORDERS = 1000

_ACCOUNT = re.compile(r"[0-9A-Za-z-]{1,34}", re.ASCII)
_NO_ACCOUNT = Fault(Call.REMIT, Kind.DECLINED, code="no_such_account")
_STATUSES = {
    "pending": TransactionStatus.PENDING,
    "accepted": TransactionStatus.IN_PROCESS,
    "settled": TransactionStatus.SETTLED,
    # What came back later is on the statement; as an order it was carried out.
    "returned": TransactionStatus.SETTLED,
    "declined": TransactionStatus.REJECTED,
}
#: ISO 20022's reasons; any other of ours is "not specified".
_REASONS = {
    "account_closed": "AC04",
    "no_such_account": "AC01",
    "insufficient_custody": "AM04",
}


class WrongFile(desk.Refused):
    code = "wrong_file"


class UnknownBatch(desk.Refused):
    status, code = 404, "unknown_batch"


class Batches:
    """`pool` is asyncpg's."""

    def __init__(self, pool: Any, faults: Faults) -> None:
        self._pool = pool
        self._faults = faults

    async def run(self, name: str, data: bytes) -> bytes:
        """Carry it out once; the same file again gets what has become of it.

        Raises WrongFile, and ReferenceReused for the id of another file or a reference of another
        order: nothing of the file is done then.
        """
        batch = _read(name, data)
        met = {one.reference: await self._met(one) for one in batch.orders}
        async with self._pool.acquire() as connection, connection.transaction():
            await desk.take_turns(connection, f"batch:{batch.id}")
            if not await _known(connection, batch.id, data):
                await _execute(connection, batch, data, met)
            return await _report(connection, batch)

    async def report(self, name: str) -> bytes:
        """Raises UnknownBatch."""
        async with self._pool.acquire() as connection:
            data = await connection.fetchval("SELECT data FROM batch WHERE id = $1", name)
            if data is None:
                raise UnknownBatch(f"there is no batch {name}")
            return await _report(connection, pain001.read(data))

    async def _met(self, order: PayoutOrder) -> Met:
        """Of the line's faults a single order in a file knows none: they are the file's."""
        if not _ACCOUNT.fullmatch(order.account.number):
            return Met((_NO_ACCOUNT,))
        own = payee(order.account.number).faults
        return await self._faults.met(Call.REMIT, order.reference, order.amount, own)


def _read(name: str, data: bytes) -> PayoutBatch:
    try:
        batch = pain001.read(data)
    except BankFileError as error:
        raise WrongFile(str(error)) from error
    if batch.id != name:
        raise WrongFile(f"the file's own name is {batch.id}")
    if len(batch.orders) > MAX_ORDERS:
        raise WrongFile(f"{len(batch.orders)} orders, at most {MAX_ORDERS} are taken")
    for group in batch.groups:
        for order in group.orders:
            if group.account.number != account_of(order.currency):
                raise WrongFile(f"{order.reference}: not out of an account in {order.currency}")
    return batch


async def _known(connection: Any, name: str, data: bytes) -> bool:
    before = await connection.fetchval("SELECT sha256 FROM batch WHERE id = $1", name)
    if before is not None and before != hashlib.sha256(data).digest():
        raise desk.ReferenceReused(f"{name} was used for another file")
    return before is not None


async def _execute(
    connection: Any, batch: PayoutBatch, data: bytes, met: Mapping[str, Met]
) -> None:
    await connection.execute(
        "INSERT INTO batch (id, sha256, data) VALUES ($1, $2, $3)",
        batch.id,
        hashlib.sha256(data).digest(),
        data,
    )
    # All references before any account, and in one order: whoever pays by itself does the same,
    # so that no two wait for each other.
    for reference in sorted(met):
        await desk.take_turns(connection, reference)
    for currency in sorted({order.currency for order in batch.orders}):
        await desk.take_turns(connection, f"{CUSTODY}:{currency}")
    funds = Funds()
    for order in batch.orders:
        done = await take(connection, _single(order), met[order.reference], funds)
        await connection.execute(
            "INSERT INTO batch_order (batch, reference, remittance) VALUES ($1, $2, $3)",
            batch.id,
            order.reference,
            done.id,
        )


def _single(order: PayoutOrder) -> RemittanceOrder:
    """As it would be ordered by itself."""
    return RemittanceOrder(
        order.reference, order.amount, order.currency, order.holder, order.account.number
    )


async def _report(connection: Any, batch: PayoutBatch) -> bytes:
    rows = await connection.fetch(
        "SELECT remittance.* FROM batch_order"
        " JOIN remittance ON remittance.id = batch_order.remittance WHERE batch = $1",
        batch.id,
    )
    done = {one.reference: one for one in map(Remittance.of, rows)}
    groups = tuple(
        GroupAdvice(group.id, tuple(_advice(done[order.reference]) for order in group.orders))
        for group in batch.groups
    )
    at = now().replace(microsecond=0)
    name = f"R{int(at.timestamp())}-{hashlib.sha256(batch.id.encode()).hexdigest()[:16]}"
    return pain002.write(StatusReport(name, at, batch.id, groups))


def _advice(one: Remittance) -> PayoutAdvice:
    status = _STATUSES[one.state]
    if one.known_from > now():
        status = TransactionStatus.PENDING
    reason = None
    if status is TransactionStatus.REJECTED:
        reason = Reason(_REASONS.get(one.code, "MS03"), one.code)
    return PayoutAdvice(one.reference, Verdict(status, reason), f"R{one.id:012d}")
