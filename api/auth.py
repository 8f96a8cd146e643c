"""Who is asking: a merchant by its API key, or a buyer by the token of a link."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api.doors import Doors, TheDoors
from api.errors import ExpiredLink, InvalidApiKey, InvalidLink, MissingScope, Unauthenticated
from api.keys import digest, key_id, mode_of, well_formed
from api.scopes import MEANINGS, Scope
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
#: A key that lets in, and whether its use is to be noted. Built once: it is said at every request.
LIVE_KEY = select(
    col(ApiKey.merchant_id),
    col(ApiKey.scopes),
    func.coalesce(col(ApiKey.last_used_at) < func.now() - literal(USED), True).label("long_ago"),
).where(col(ApiKey.hash) == bindparam("key"), col(ApiKey.revoked_at).is_(None))


@dataclass(frozen=True, slots=True)
class Caller:
    """One side of a purchase. `subject` is whose idempotency keys these are."""

    party: Party
    merchant_id: str = ""
    escrow_id: str = ""
    key_id: str = ""
    scopes: frozenset[Scope] = frozenset()

    @property
    def subject(self) -> str:
        return self.merchant_id or f"buyer:{self.escrow_id}"

    @property
    def holds_links(self) -> bool:
        """Whether the links that open a purchase for its buyer are told: they can do a lot more
        than a key that only reads, or only refunds.
        """
        return self.party is Party.BUYER or Scope.ESCROWS_WRITE in self.scopes

    def may_see(self, escrow_id: str, merchant_id: str) -> bool:
        if self.party is Party.MERCHANT:
            return self.merchant_id == merchant_id
        return self.escrow_id == escrow_id

    def needs(self, *scopes: str) -> None:
        """A link's rights are its party's; only keys have scopes. Raises MissingScope."""
        for scope in scopes:
            if self.party is Party.MERCHANT and scope not in self.scopes:
                meaning = MEANINGS[Scope(scope)]
                raise MissingScope(f"this key has no scope `{scope}`: to {meaning}")


async def merchant(
    request: Request,
    doors: TheDoors,
    needed: SecurityScopes,
    credentials: Annotated[Credentials, Security(api_key)],
) -> Caller:
    """Raises Unauthenticated, InvalidApiKey, MissingScope, TooManyRequests.

    NotYourCommand for buyers.
    """
    caller = await _caller(request, doors, credentials)
    if caller.party is not Party.MERCHANT:
        raise NotYourCommand("only a merchant's key opens this")
    caller.needs(*needed.scopes)
    return caller


async def either_side(
    request: Request,
    doors: TheDoors,
    needed: SecurityScopes,
    key: Annotated[Credentials, Security(api_key)],
    link: Annotated[Credentials, Security(buyer_link)],
) -> Caller:
    """Raises Unauthenticated, InvalidApiKey, InvalidLink, ExpiredLink, and as `merchant`."""
    caller = await _caller(request, doors, key or link)
    caller.needs(*needed.scopes)
    return caller


async def knock(request: Request) -> None:
    """Find out who asks before anything is said of a body that could not be read.

    Spends the quota. Raises what `either_side` raises.
    """
    await _caller(request, request.app.state.doors, await api_key(request))


async def _caller(request: Request, doors: Doors, credentials: Credentials) -> Caller:
    try:
        caller = await _known(doors, credentials)
    except (Unauthenticated, InvalidApiKey, InvalidLink, ExpiredLink):
        await doors.quotas.of_stranger(request)
        raise
    if caller.party is Party.MERCHANT:
        await doors.quotas.of_key(request, caller.key_id)
    else:
        await doors.quotas.of_link(request, caller.escrow_id)
    return caller


async def _known(doors: Doors, credentials: Credentials) -> Caller:
    if credentials is None:
        raise Unauthenticated
    token = credentials.credentials
    if token.startswith("ek_"):
        return await owner(doors, token)
    return Caller(Party.BUYER, escrow_id=doors.links.escrow_of(token, datetime.now(UTC)))


async def owner(doors: Doors, key: str) -> Caller:
    """The merchant whose live key this is. Raises InvalidApiKey."""
    if not well_formed(key, mode_of(doors.settings.mode)):
        raise InvalidApiKey
    return await _look_up(doors.engine, digest(key))


async def _look_up(engine: AsyncEngine, key_hash: bytes) -> Caller:
    # One statement, hardly ever two, and each of them whole in itself.
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        row = (await connection.execute(LIVE_KEY, {"key": key_hash})).one_or_none()
        if row is None:
            raise InvalidApiKey
        if row.long_ago:
            used = update(ApiKey).where(col(ApiKey.hash) == key_hash)
            await connection.execute(used.values(last_used_at=func.now()))
    return Caller(
        Party.MERCHANT,
        merchant_id=row.merchant_id,
        key_id=key_id(key_hash),
        scopes=frozenset(Scope(name) for name in row.scopes),
    )


AMerchant = Annotated[Caller, Depends(merchant)]
EitherSide = Annotated[Caller, Depends(either_side)]
#: A merchant whose key has the scope.
AReader = Annotated[Caller, Security(merchant, scopes=[Scope.ESCROWS_READ])]
ASeller = Annotated[Caller, Security(merchant, scopes=[Scope.ESCROWS_WRITE])]
APayee = Annotated[Caller, Security(merchant, scopes=[Scope.PAYOUTS])]
AWebmaster = Annotated[Caller, Security(merchant, scopes=[Scope.WEBHOOKS])]
#: A merchant whose key has the scope, or a buyer.
EitherReader = Annotated[Caller, Security(either_side, scopes=[Scope.ESCROWS_READ])]
