"""Buyers' accounts and who is signed in to them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel, col
from uuid_utils import uuid7

from api.sessions import Sessions, id_of
from api.wallet import entrances
from api.wallet.tables import (
    WalletAccount,
    WalletEntrance,
    WalletForgetting,
    WalletPayer,
    WalletSession,
)

#: The folder of the wallet's pages, and the name of its cookie.
ROOM = "wallet"
#: Buyers come back on their own phone, and a new link costs them a walk to their mailbox.
IDLE, LONGEST = timedelta(days=7), timedelta(days=30)
SESSIONS = Sessions(
    SQLModel.metadata.tables[str(WalletSession.__tablename__)], idle=IDLE, longest=LONGEST
)


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str


@dataclass(frozen=True, slots=True)
class Session:
    """`id` tells two of them apart and opens nothing."""

    id: str
    account: Account


async def begin(engine: AsyncEngine, entrance_id: str) -> str | None:
    """The cookie's value of a new session that this link opens, once; None when it does not.

    Who comes for the first time gets an account.
    """
    async with engine.begin() as connection:
        email = await entrances.use(connection, entrance_id)
        if email is None:
            return None
        new = insert(WalletAccount).values(id=f"wal_{uuid7().hex}", email=email)
        await connection.execute(new.on_conflict_do_nothing())
        account_id = await connection.scalar(
            select(col(WalletAccount.id)).where(col(WalletAccount.email) == email)
        )
        return await SESSIONS.begin(connection, account_id=account_id)


async def find(engine: AsyncEngine, token: str) -> Session | None:
    """None when it has ended, was signed out, or its account was deleted."""
    owner = select(col(WalletAccount.id), col(WalletAccount.email)).join(
        WalletSession, col(WalletSession.account_id) == col(WalletAccount.id)
    )
    async with engine.begin() as connection:
        row = await SESSIONS.find(connection, token, owner)
    return Session(id_of(token), Account(row.id, row.email)) if row is not None else None


async def sign_out_everywhere(engine: AsyncEngine, account: Account) -> None:
    async with engine.begin() as connection:
        theirs = col(WalletSession.account_id) == account.id
        await connection.execute(delete(WalletSession).where(theirs))


async def close(engine: AsyncEngine, account: Account) -> None:
    """Delete the account and all that hangs on it; what banks keep for it is left to be forgotten.

    Its purchases stay what they are, each behind its own link.
    """
    payers = select(col(WalletPayer.reference), col(WalletPayer.bank)).where(
        col(WalletPayer.account_id) == account.id
    )
    async with engine.begin() as connection:
        # Whoever is just telling a bank a name for this account is waited for, or comes too late.
        await alone_with(connection, account.id)
        await connection.execute(
            insert(WalletForgetting).from_select(["reference", "bank"], payers)
        )
        this = col(WalletEntrance.email) == account.email
        await connection.execute(delete(WalletEntrance).where(this))
        await connection.execute(delete(WalletAccount).where(col(WalletAccount.id) == account.id))


async def alone_with(connection: AsyncConnection, account_id: str) -> None:
    """Until the caller has committed, nobody else gives banks a name for it, or closes it."""
    lock = func.pg_advisory_xact_lock(func.hashtext(f"wallet {account_id}"))
    await connection.execute(select(lock))


async def forget(engine: AsyncEngine) -> None:
    """Delete the sessions and links that have ended."""
    await SESSIONS.forget(engine)
    await entrances.forget(engine)
