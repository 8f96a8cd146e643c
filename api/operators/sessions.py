"""Who is signed in at the desk: let in by a password, and no longer than the account lives."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel, col

from api.operators import accounts, audit
from api.operators.accounts import Account
from api.operators.tables import Operator, OperatorSession
from api.sessions import Sessions, id_of

DESK = Sessions(SQLModel.metadata.tables[str(OperatorSession.__tablename__)])


@dataclass(frozen=True, slots=True)
class Session:
    """`id` tells two of them apart and opens nothing."""

    id: str
    operator: Account


async def begin(engine: AsyncEngine, login: str, password: str) -> str | None:
    """The cookie's value of a new session; None for whom this does not let in."""
    async with engine.begin() as connection:
        account = await accounts.with_password(connection, login, password)
        if account is None:
            return None
        token = await DESK.begin(connection, operator_id=account.id)
        await audit.note(connection, account.id, "signed_in", account.id)
    return token


async def find(engine: AsyncEngine, token: str) -> Session | None:
    """None when it has ended, was signed out, or its account was disabled or changed."""
    owner = (
        select(accounts.TABLE)
        .join(OperatorSession, col(OperatorSession.operator_id) == col(Operator.id))
        .where(col(Operator.disabled_at).is_(None))
    )
    async with engine.begin() as connection:
        row = await DESK.find(connection, token, owner)
    return Session(id_of(token), accounts.account_of(row)) if row is not None else None


async def end(engine: AsyncEngine, session: Session) -> None:
    async with engine.begin() as connection:
        await DESK.end_with(connection, session.id)
        await audit.note(connection, session.operator.id, "signed_out", session.operator.id)
