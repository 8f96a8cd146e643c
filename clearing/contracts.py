"""What was agreed with merchants and banks: when is paid, from how much on, and where to."""

import re
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import date, time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from clearing.tables import ClearingDays, PayoutAccount, PayoutContract
from domain.clearing import ClearingCalendar, PayoutTerms

#: As ISO 20022 has them.
HOLDER, NUMBER = re.compile(r"\S.{0,138}\S|\S"), re.compile(r"[0-9A-Za-z-]{1,34}")
ACTIVE, FROZEN, REPLACED = "active", "frozen", "replaced"


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where a merchant is paid. `state` is "active" or "frozen", for `reason`."""

    id: str
    holder: str
    number: str
    state: str
    reason: str


async def payout_terms(connection: AsyncConnection, merchant_id: str, currency: str) -> PayoutTerms:
    """As agreed, or the defaults."""
    found = await _one(connection, PayoutContract, merchant_id=merchant_id, currency=currency)
    if found is None:
        return PayoutTerms()
    return PayoutTerms(**{term.name: getattr(found, term.name) for term in fields(PayoutTerms)})


async def agree(
    connection: AsyncConnection, merchant_id: str, currency: str, terms: PayoutTerms
) -> None:
    """From the next clearing on these terms hold."""
    key = {"merchant_id": merchant_id, "currency": currency}
    await _keep(connection, PayoutContract, key, asdict(terms))


async def calendar(connection: AsyncConnection, bank: str, currency: str) -> ClearingCalendar:
    """The bank's clearing days, or the defaults."""
    found = await _one(connection, ClearingDays, bank=bank, currency=currency)
    if found is None:
        return ClearingCalendar()
    return ClearingCalendar(
        found.cutoff, found.zone, frozenset(found.weekend), frozenset(found.closed)
    )


async def set_calendar(
    connection: AsyncConnection, bank: str, currency: str, days: ClearingCalendar
) -> None:
    said: dict[str, time | str | list[int] | list[date]] = {
        "cutoff": days.cutoff,
        "zone": days.zone,
        "weekend": sorted(days.weekend),
        "closed": sorted(days.closed),
    }
    await _keep(connection, ClearingDays, {"bank": bank, "currency": currency}, said)


async def bank_account(
    connection: AsyncConnection, merchant_id: str, currency: str
) -> BankAccount | None:
    """The present details; None when the merchant has not said any."""
    query = select(
        col(PayoutAccount.id),
        col(PayoutAccount.holder),
        col(PayoutAccount.number),
        col(PayoutAccount.state),
        col(PayoutAccount.reason),
    ).where(*_present(merchant_id, currency))
    found = (await connection.execute(query)).one_or_none()
    return BankAccount(**found._mapping) if found else None


async def set_bank_account(
    connection: AsyncConnection, merchant_id: str, currency: str, holder: str, number: str
) -> BankAccount:
    """New details, paid to from now on: also what lifts a freeze. The same ones stay as they are,
    unless they are frozen: then they were tried and a payout came back. Raises ValueError for what
    no bank takes.
    """
    if not HOLDER.fullmatch(holder) or not NUMBER.fullmatch(number):
        raise ValueError("an account has a number of up to 34 letters and digits, and a holder")
    present = await bank_account(connection, merchant_id, currency)
    if present and (present.holder, present.number, present.state) == (holder, number, ACTIVE):
        return present
    gone = update(PayoutAccount).where(*_present(merchant_id, currency))
    await connection.execute(gone.values(state=REPLACED))
    account = BankAccount(f"pac_{secrets.token_hex(16)}", holder, number, ACTIVE, "")
    await connection.execute(
        insert(PayoutAccount).values(
            id=account.id,
            merchant_id=merchant_id,
            currency=currency,
            holder=holder,
            number=number,
        )
    )
    return account


async def freeze(connection: AsyncConnection, account_id: str, reason: str) -> None:
    """Nothing more is paid to these details. Replaced ones stay replaced."""
    present = update(PayoutAccount).where(
        col(PayoutAccount.id) == account_id, col(PayoutAccount.state) == ACTIVE
    )
    await connection.execute(present.values(state=FROZEN, reason=reason))


def _present(merchant_id: str, currency: str) -> tuple[Any, ...]:
    return (
        col(PayoutAccount.merchant_id) == merchant_id,
        col(PayoutAccount.currency) == currency,
        col(PayoutAccount.state) != REPLACED,
    )


async def _one(connection: AsyncConnection, kind: type[SQLModel], **key: str) -> Any:
    table = SQLModel.metadata.tables[str(kind.__tablename__)]
    query = select(table).where(*(table.c[name] == value for name, value in key.items()))
    return (await connection.execute(query)).one_or_none()


async def _keep(
    connection: AsyncConnection, kind: type[SQLModel], key: dict[str, str], said: dict[str, Any]
) -> None:
    kept = insert(kind).values(**key, **said)
    await connection.execute(kept.on_conflict_do_update(index_elements=[*key], set_=said))
