"""What a buyer has bought: what is kept in the account, and what shops sold to its address.

A shop is believed about an address once the purchase is paid: who has nothing to do with it can't
fill a stranger's wallet for nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, exists, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from api import purchases
from api.purchases import Purchase
from api.tables import Checkout
from api.wallet.accounts import Account
from api.wallet.addresses import Recognition
from api.wallet.tables import WalletPurchase
from domain.events import PaymentMismatched, PaymentSucceeded
from ledger.tables import Escrow, Transition

#: Rows that get their digest at a time.
BATCH = 500


class Which(StrEnum):
    """What a buyer can ask the list for."""

    ALL = ""
    OPEN = "open"
    WAITING = "waiting"
    FINISHED = "finished"
    DISPUTED = "disputed"


#: Public status of what is over.
OVER = ("completed", "refunded", "closed")
#: … and of what waits for the buyer: to pay, or to say that the goods have come.
THEIRS = ("awaiting_payment", "awaiting_confirmation")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The purchases of one account."""

    engine: AsyncEngine
    account: Account
    recognition: Recognition

    async def page(self, which: Which, before: str | None, limit: int) -> list[Purchase]:
        """Newest first: ids are time-ordered, so they are the cursor too."""
        query = select(col(Escrow.id)).where(self._mine(), *_asked(which))
        if before is not None:
            query = query.where(col(Escrow.id) < before)
        async with self.engine.connect() as connection:
            ordered = query.order_by(col(Escrow.id).desc()).limit(limit)
            ids = list(await connection.scalars(ordered))
        found = await purchases.these(self.engine, ids)
        return [found[escrow_id] for escrow_id in ids]

    async def has(self, escrow_id: str) -> bool:
        mine = select(exists().where(col(Escrow.id) == escrow_id, self._mine()))
        async with self.engine.connect() as connection:
            return bool(await connection.scalar(mine))

    async def keep(self, escrow_id: str) -> None:
        """From now on it is in the list; a second time changes nothing."""
        row = insert(WalletPurchase).values(account_id=self.account.id, escrow_id=escrow_id)
        async with self.engine.begin() as connection:
            await connection.execute(row.on_conflict_do_nothing())

    def _mine(self) -> ColumnElement[bool]:
        paid = (PaymentSucceeded.name, PaymentMismatched.name)
        digest = self.recognition.digest(self.account.email)
        kept = select(col(WalletPurchase.escrow_id)).where(
            col(WalletPurchase.account_id) == self.account.id
        )
        recognised = select(col(Checkout.escrow_id)).where(
            col(Checkout.buyer_digest) == digest,
            func.length(col(Checkout.buyer_digest)) > 0,
            exists().where(
                col(Transition.escrow_id) == col(Checkout.escrow_id),
                col(Transition.name).in_(paid),
            ),
        )
        return col(Escrow.id).in_(union_all(kept, recognised))


def _asked(which: Which) -> tuple[ColumnElement[bool], ...]:
    match which:
        case Which.OPEN:
            return (col(Escrow.status).not_in(OVER),)
        case Which.WAITING:
            return (col(Escrow.status).in_(THEIRS),)
        case Which.FINISHED:
            return (col(Escrow.status).in_(OVER),)
        case Which.DISPUTED:
            return (col(Escrow.status) == "disputed",)
        case Which.ALL:
            return ()


async def recognise(engine: AsyncEngine, recognition: Recognition) -> int:
    """Give purchases that have none the digest of their buyer's address; how many got one.

    They are from before there was a wallet, or an operator has taken all digests away, because the
    secret that they are made with has changed.
    """
    rows = select(col(Checkout.escrow_id), col(Checkout.buyer_email)).where(
        col(Checkout.buyer_digest).is_(None), col(Checkout.buyer_email).is_not(None)
    )
    async with engine.begin() as connection:
        found = (
            await connection.execute(rows.limit(BATCH).with_for_update(skip_locked=True))
        ).all()
        for row in found:
            this = col(Checkout.escrow_id) == row.escrow_id
            digest = recognition.digest(row.buyer_email)
            await connection.execute(update(Checkout).where(this).values(buyer_digest=digest))
    return len(found)


async def forget(connection: AsyncConnection, escrow_id: str) -> None:
    """Whose wallets this purchase is in."""
    kept = col(WalletPurchase.escrow_id) == escrow_id
    await connection.execute(delete(WalletPurchase).where(kept))
    this = col(Checkout.escrow_id) == escrow_id
    await connection.execute(update(Checkout).where(this).values(buyer_digest=None))
