"""Who is asking: a merchant by its API key, or a buyer by the token of a link."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api.doors import Doors, TheDoors
from api.errors import InvalidApiKey, Unauthenticated
from api.keys import digest, mode_of, well_formed
from api.tables import ApiKey
from domain.errors import NotYourCommand
from domain.states import Party

#: `last_used_at` is for a person who wonders whether a key can go: a minute is exact enough.
USED = timedelta(minutes=1)

api_key = HTTPBearer(
    scheme_name="ApiKey", auto_error=False, description="A merchant's key, `ek_test_…`."
)
buyer_link = HTTPBearer(
    scheme_name="BuyerLink",
    auto_error=False,
    description="The token of a buyer's link: what follows `/pay/` in `checkout_url`.",
)
Credentials = HTTPAuthorizationCredentials | None


@dataclass(frozen=True, slots=True)
class Caller:
    """One side of a purchase. `subject` is whose idempotency keys these are."""

    party: Party
    merchant_id: str = ""
    escrow_id: str = ""

    @property
    def subject(self) -> str:
        return self.merchant_id or f"buyer:{self.escrow_id}"

    def may_see(self, escrow_id: str, merchant_id: str) -> bool:
        if self.party is Party.MERCHANT:
            return self.merchant_id == merchant_id
        return self.escrow_id == escrow_id


async def merchant(
    doors: TheDoors, credentials: Annotated[Credentials, Security(api_key)]
) -> Caller:
    """Raises Unauthenticated, InvalidApiKey; NotYourCommand for buyers."""
    caller = await _caller(doors, credentials)
    if caller.party is not Party.MERCHANT:
        raise NotYourCommand("only a merchant's key opens this")
    return caller


async def either_side(
    doors: TheDoors,
    key: Annotated[Credentials, Security(api_key)],
    link: Annotated[Credentials, Security(buyer_link)],
) -> Caller:
    """Raises Unauthenticated, InvalidApiKey, InvalidLink, ExpiredLink."""
    return await _caller(doors, key or link)


async def _caller(doors: Doors, credentials: Credentials) -> Caller:
    if credentials is None:
        raise Unauthenticated
    token = credentials.credentials
    if token.startswith("ek_"):
        return Caller(Party.MERCHANT, merchant_id=await _merchant_of(doors, token))
    return Caller(Party.BUYER, escrow_id=doors.links.escrow_of(token, datetime.now(UTC)))


async def _merchant_of(doors: Doors, key: str) -> str:
    if not well_formed(key, mode_of(doors.settings.mode)):
        raise InvalidApiKey
    return await _look_up(doors.engine, digest(key))


async def _look_up(engine: AsyncEngine, key_hash: bytes) -> str:
    used_before = func.now() - literal(USED)
    long_ago = or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) < used_before)
    async with engine.begin() as connection:
        found = await connection.execute(
            select(col(ApiKey.merchant_id), long_ago.label("long_ago")).where(
                col(ApiKey.hash) == key_hash, col(ApiKey.revoked_at).is_(None)
            )
        )
        row = found.one_or_none()
        if row is None:
            raise InvalidApiKey
        if row.long_ago:
            await connection.execute(
                update(ApiKey).where(col(ApiKey.hash) == key_hash).values(last_used_at=func.now())
            )
        return str(row.merchant_id)


AMerchant = Annotated[Caller, Depends(merchant)]
EitherSide = Annotated[Caller, Depends(either_side)]
