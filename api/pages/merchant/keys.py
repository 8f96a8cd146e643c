"""`/merchant/keys`: which keys there are, a second one, and the end of one."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from api import merchants
from api.errors import NotFound, TooManyKeys
from api.keys import mode_of
from api.languages import N_, _, gettext
from api.merchants import LIVE_KEYS, Key
from api.pages.merchant.visitors import ENTRANCE, AVisit, Visit
from api.pages.visitors import OwnForm
from api.scopes import MEANINGS, Scope, scopes_of

TWO_LIVE = N_("Two keys are live already. Revoke the one that nobody uses any more first.")
NOT_YOURS = N_("A key that is made here can do no more than the one that you signed in with.")

router = APIRouter(prefix="/merchant/keys", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def keys(visit: AVisit) -> Response:
    """Raises MissingScope."""
    visit.needs(Scope.KEYS)
    return await _keys(visit)


@router.post("")
async def make_key(
    visit: AVisit,
    form: OwnForm,
    scope: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006
) -> Response:
    """The answer shows the new key, and nothing ever does again."""
    visit.needs(Scope.KEYS)
    visit.nonce(form, "keys")
    try:
        wanted = scopes_of(scope)
    except ValueError:
        return await _keys(visit, notice=_("Choose what the new key may do."), status=422)
    if not wanted <= visit.session.scopes:
        return await _keys(visit, notice=gettext(NOT_YOURS), status=403)
    mode = mode_of(visit.doors.settings.mode)
    try:
        async with visit.doors.engine.begin() as connection:
            made = await merchants.add_key(connection, visit.merchant_id, mode, wanted)
    except TooManyKeys:
        return await _keys(visit, notice=gettext(TWO_LIVE), status=409)
    return await _keys(visit, made=made)


@router.api_route("/{name}/revocation", methods=["GET", "HEAD"])
async def open_revocation(visit: AVisit, name: str) -> Response:
    """The second step: nobody can take it back. Raises MissingScope, NotFound."""
    visit.needs(Scope.KEYS)
    for key in await _live(visit):
        if key.id == name:
            return visit.page(
                "merchant_revocation.html",
                key=key,
                own=key.id == visit.session.key_id,
                form=visit.form(f"revoke {key.id}"),
            )
    raise NotFound("there is no such live key")


@router.post("/{name}/revocation")
async def revoke(visit: AVisit, form: OwnForm, name: str) -> Response:
    """Raises MissingScope, StaleForm, NotFound."""
    visit.needs(Scope.KEYS)
    visit.nonce(form, f"revoke {name}")
    async with visit.doors.engine.begin() as connection:
        await merchants.revoke_key(connection, visit.merchant_id, name)
    own = name == visit.session.key_id
    return RedirectResponse(ENTRANCE.path if own else "/merchant/keys", 303)


async def _live(visit: Visit) -> list[Key]:
    async with visit.doors.engine.connect() as connection:
        known = await merchants.keys_of(connection, visit.merchant_id)
    return [key for key in known if key.revoked_at is None]


async def _keys(visit: Visit, made: str = "", notice: str = "", status: int = 200) -> Response:
    async with visit.doors.engine.connect() as connection:
        known = await merchants.keys_of(connection, visit.merchant_id)
    return visit.page(
        "merchant_keys.html",
        status,
        keys=known,
        own=visit.session.key_id,
        full=sum(key.revoked_at is None for key in known) >= LIVE_KEYS,
        everything=len(Scope),
        offered={scope: MEANINGS[scope] for scope in Scope if visit.may(scope)},
        make_form=visit.form("keys"),
        made=made,
        notice=notice,
    )
