"""What banks keep for a buyer to pay with: their word, and our copy of it.

The bank is the vault. It is asked when the buyer comes back from it and when the list is opened;
between that the copy is shown, so that a cashier does not wait for a bank.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from api.errors import Unauthenticated
from api.wallet.accounts import Account, alone_with
from api.wallet.tables import WalletMethod, WalletPayer
from banks.port import BankRefusedOurRequest, Keeper, OutcomeUnknown, Payer, SavedMethod

#: A page waits for a bank no longer than this.
PATIENCE = timedelta(seconds=3)
#: A bank that says nothing definite.
SILENCE = (OutcomeUnknown, BankRefusedOurRequest, TimeoutError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """One saved method. `id` is ours; `label` is for people, such as `UnionPay •••• 0005`.

    `expires` is the last month in which it can pay, `2030-04`, "" when it does not expire.
    """

    id: str
    bank: str
    method: str
    label: str
    expires: str
    token: str = field(repr=False)

    @property
    def over(self) -> bool:
        return bool(self.expires) and self.expires < f"{datetime.now(UTC):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Purse:
    """What one account can pay with, at the banks of `keepers`."""

    engine: AsyncEngine
    keepers: Mapping[str, Keeper]
    account: Account

    async def kept(self) -> list[Kept]:
        """As the banks last said it, the newest first."""
        query = select(*(col(getattr(WalletMethod, name)) for name in Kept.__slots__))
        theirs = query.where(col(WalletMethod.account_id) == self.account.id)
        newest = theirs.order_by(col(WalletMethod.kept_at).desc(), col(WalletMethod.id))
        async with self.engine.connect() as connection:
            return [Kept(*row) for row in await connection.execute(newest)]

    async def one(self, method_id: str) -> Kept | None:
        """One of this account's, and nobody else's."""
        return next((one for one in await self.kept() if one.id == method_id), None)

    async def ask(self) -> bool:
        """Ask each bank what it keeps; whether all of them answered.

        What a silent bank kept before is taken to be there still.
        """
        heard = [await self._ask(bank, name) for bank, name in (await self._payers()).items()]
        return all(heard)

    async def payer(self, one: Kept) -> Payer:
        """To pay with what is kept."""
        return Payer((await self._payers())[one.bank], token=one.token)

    async def newcomer(self, bank: str) -> Payer:
        """To let this bank offer to remember what is paid with."""
        return Payer(await self._name_at(bank), remember=True)

    async def drop(self, one: Kept) -> None:
        """The bank forgets it, then we do. Raises OutcomeUnknown when the bank did not say so."""
        reference = (await self._payers())[one.bank]
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self.keepers[one.bank].forget_method(reference, one.token)
        except SILENCE as silence:
            raise OutcomeUnknown from silence
        async with self.engine.begin() as connection:
            await connection.execute(delete(WalletMethod).where(col(WalletMethod.id) == one.id))

    async def _ask(self, bank: str, reference: str) -> bool:
        if bank not in self.keepers:
            return False
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                said = await self.keepers[bank].saved_methods(reference)
        except SILENCE as silence:
            log.warning("a bank did not say what it keeps", bank=bank, error=type(silence).__name__)
            return False
        async with self.engine.begin() as connection:
            await self._note(connection, bank, said)
        return True

    async def _note(
        self, connection: AsyncConnection, bank: str, said: tuple[SavedMethod, ...]
    ) -> None:
        """Writes only what is news: a page that is looked at again changes nothing."""
        theirs = (col(WalletMethod.account_id) == self.account.id, col(WalletMethod.bank) == bank)
        parts = [col(getattr(WalletMethod, name)) for name in SavedMethod.__slots__]
        known = {
            SavedMethod(*row) for row in await connection.execute(select(*parts).where(*theirs))
        }
        gone = [one.token for one in known - set(said)]
        if gone:
            those = col(WalletMethod.token).in_(gone)
            await connection.execute(delete(WalletMethod).where(*theirs, those))
        for one in said:
            if one not in known:
                await connection.execute(self._row(bank, one).on_conflict_do_nothing())

    def _row(self, bank: str, one: SavedMethod) -> Insert:
        return insert(WalletMethod).values(
            id=f"pm_{secrets.token_hex(16)}",
            account_id=self.account.id,
            bank=bank,
            token=one.token,
            method=one.method,
            label=one.label,
            expires=one.expires,
        )

    async def _payers(self) -> dict[str, str]:
        """Bank → how it knows this account."""
        query = select(col(WalletPayer.bank), col(WalletPayer.reference)).where(
            col(WalletPayer.account_id) == self.account.id
        )
        async with self.engine.connect() as connection:
            return {row.bank: row.reference for row in await connection.execute(query)}

    async def _name_at(self, bank: str) -> str:
        """How the bank knows this account, from now on.

        Raises Unauthenticated when it is being deleted.
        """
        name = f"pyr_{secrets.token_hex(16)}"
        row = insert(WalletPayer).values(account_id=self.account.id, bank=bank, reference=name)
        try:
            async with self.engine.begin() as connection:
                await alone_with(connection, self.account.id)
                await connection.execute(row.on_conflict_do_nothing())
        except IntegrityError as gone:
            raise Unauthenticated from gone
        return (await self._payers())[bank]
