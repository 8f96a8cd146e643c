"""Who asks as an operator: by a key of their own, which opens nothing of a merchant or a buyer."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.doors import Doors, TheDoors
from api.errors import InvalidApiKey, Unauthenticated
from api.keys import mode_of, well_formed
from api.operators import accounts
from api.operators.accounts import KIND, Account

operator_key = HTTPBearer(
    scheme_name="OperatorKey", auto_error=False, description="An operator's key, `ok_test_…`."
)
Credentials = HTTPAuthorizationCredentials | None


async def operator(
    request: Request, doors: TheDoors, credentials: Annotated[Credentials, Security(operator_key)]
) -> Account:
    """Raises Unauthenticated, InvalidApiKey, TooManyRequests."""
    try:
        account = await _known(doors, credentials)
    except (Unauthenticated, InvalidApiKey):
        await doors.quotas.of_stranger(request)
        raise
    await doors.quotas.of_key(request, account.id)
    return account


async def knock(request: Request) -> None:
    """As `api.auth.knock`, where only operators are let in."""
    await operator(request, request.app.state.doors, await operator_key(request))


async def _known(doors: Doors, credentials: Credentials) -> Account:
    if credentials is None:
        raise Unauthenticated
    key = credentials.credentials
    if not well_formed(key, mode_of(doors.settings.mode), KIND):
        raise InvalidApiKey
    async with doors.engine.connect() as connection:
        account = await accounts.with_key(connection, key)
    if account is None:
        raise InvalidApiKey
    return account


AnOperator = Annotated[Account, Depends(operator)]
