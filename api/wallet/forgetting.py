"""Banks forget what they kept for accounts that are gone, however long a bank is away.

A payment that was under way when its buyer left may make the bank remember something after that:
a name is asked about for a day, and is forgotten here only once the bank keeps nothing for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api.wallet.tables import WalletForgetting
from banks.port import BankRefusedOurRequest, Keeper, OutcomeUnknown

#: After this no payment page that was open at the end is open any more.
ASKED_FOR = timedelta(days=1)
#: Between two looks at a bank that keeps nothing, and at one that did not answer.
AGAIN, SOON = timedelta(hours=1), timedelta(minutes=1)
AT_ONCE = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gone:
    """A name that a bank has to forget; `old` when nothing new can be kept for it any more."""

    reference: str
    bank: str
    old: bool


async def forget_payers(engine: AsyncEngine, keepers: Mapping[str, Keeper]) -> int:
    """Ask banks that are due to forget; how many were asked."""
    taken = await _take(engine)
    for gone in taken:
        if gone.bank not in keepers:
            log.warning("nobody to ask to forget", bank=gone.bank)
        elif await _forgotten(keepers[gone.bank], gone):
            await _note(engine, gone)
    return len(taken)


async def _take(engine: AsyncEngine) -> Sequence[Gone]:
    """Names to ask about now; asked again soon, unless somebody notes that all is done."""
    due = (
        select(col(WalletForgetting.reference))
        .where(col(WalletForgetting.next_try_at) <= func.now())
        .order_by(col(WalletForgetting.next_try_at))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    old = col(WalletForgetting.since) < func.now() - literal(ASKED_FOR)
    taken = (
        update(WalletForgetting)
        .where(col(WalletForgetting.reference).in_(due))
        .values(next_try_at=func.now() + literal(SOON))
        .returning(col(WalletForgetting.reference), col(WalletForgetting.bank), old)
    )
    async with engine.begin() as connection:
        return [Gone(*row) for row in await connection.execute(taken)]


async def _forgotten(keeper: Keeper, gone: Gone) -> bool:
    try:
        for method in await keeper.saved_methods(gone.reference):
            await keeper.forget_method(gone.reference, method.token)
    except (OutcomeUnknown, BankRefusedOurRequest) as silence:
        log.warning("not forgotten yet", bank=gone.bank, error=type(silence).__name__)
        return False
    return True


async def _note(engine: AsyncEngine, gone: Gone) -> None:
    this = col(WalletForgetting.reference) == gone.reference
    later = update(WalletForgetting).values(next_try_at=func.now() + literal(AGAIN))
    async with engine.begin() as connection:
        done = delete(WalletForgetting) if gone.old else later
        await connection.execute(done.where(this))
