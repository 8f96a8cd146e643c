"""Who looks at a page: the link's token becomes a cookie, so that it leaves the address bar.

A page's form proves that we rendered it for this purchase and this action; its nonce makes
pressing a button twice the same command.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import purchases
from api.doors import Doors, TheDoors
from api.errors import ExpiredLink, InvalidLink, NotFound, StaleForm
from api.idempotency import Keyed, Try
from api.purchases import Purchase

#: The link itself opens the page again for as long as the purchase lives.
COOKIE_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer who holds the link, at the purchase that it opens."""

    request: Request
    doors: Doors
    purchase: Purchase

    def form(self, action: str) -> str:
        return self.doors.links.form(self.purchase.id, action, secrets.token_urlsafe(12))

    def tried(self, form: str, action: str, choice: str = "") -> Try:
        """The command of this very form and choice. Raises StaleForm."""
        nonce = self.doors.links.nonce_of(form, self.purchase.id, action)
        keyed = Keyed(f"page:{self.purchase.id}", nonce, f"{action} {choice}".encode())
        return Try(keyed.command_id())

    async def anew(self) -> "Visit":
        """The same visit, at the purchase as it is now."""
        now = await purchases.get(self.doors.engine, self.purchase.id)
        return Visit(self.request, self.doors, now)


async def visit(request: Request, escrow_id: str, doors: TheDoors) -> Visit:
    """Raises InvalidLink, ExpiredLink, NotFound, TooManyRequests."""
    try:
        opened = _opened(request, escrow_id, doors)
    except (InvalidLink, ExpiredLink):
        await doors.quotas.of_stranger(request)
        raise
    if opened != escrow_id:
        raise NotFound
    await doors.quotas.of_link(request, escrow_id)
    purchase = await purchases.find(doors.engine, escrow_id)
    if purchase is None:
        raise NotFound
    return Visit(request, doors, purchase)


def _opened(request: Request, escrow_id: str, doors: Doors) -> str:
    token = request.cookies.get(cookie_name(doors, escrow_id))
    if token is None:
        raise InvalidLink("please open the link from the shop again; this page needs its cookie")
    return doors.links.escrow_of(token, datetime.now(UTC))


AVisit = Annotated[Visit, Depends(visit)]


async def own_form(request: Request, form: Annotated[str, Form(max_length=500)]) -> str:
    """The hidden field of our forms. Raises StaleForm when another site sent it."""
    from_our_page(request)
    return form


def from_our_page(request: Request) -> None:
    """Raises StaleForm."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise StaleForm("this form did not come from our page")


OwnForm = Annotated[str, Depends(own_form)]


async def exchange(request: Request, doors: Doors, token: str, folder: str) -> Response:
    """Keep the link's token as a cookie and go on under a clean address.

    Raises InvalidLink, ExpiredLink, NotFound, TooManyRequests.
    """
    try:
        escrow_id = doors.links.escrow_of(token, datetime.now(UTC))
    except (InvalidLink, ExpiredLink):
        await doors.quotas.of_stranger(request)
        raise
    await doors.quotas.of_link(request, escrow_id)
    if await purchases.find(doors.engine, escrow_id) is None:
        raise NotFound
    return keep_link(doors, token, escrow_id, folder)


def keep_link(doors: Doors, token: str, escrow_id: str, folder: str) -> Response:
    """Into the purchase's page in `folder`, with the link's token for a cookie."""
    response = RedirectResponse(f"/{folder}/{escrow_id}", 303)
    response.set_cookie(
        cookie_name(doors, escrow_id),
        token,
        max_age=int(COOKIE_AGE.total_seconds()),
        secure=is_https(doors),
        httponly=True,
        samesite="lax",
    )
    return response


def drop_links(request: Request, doors: Doors, response: Response) -> None:
    """This browser opens no purchase any more, but by its link."""
    for name in request.cookies:
        escrow_id = name.removeprefix("__Host-")
        if purchases.is_id(escrow_id) and name == cookie_name(doors, escrow_id):
            response.delete_cookie(name, secure=is_https(doors), httponly=True, samesite="lax")


def cookie_name(doors: Doors, escrow_id: str) -> str:
    """`__Host-` needs https, which a laptop has not."""
    return f"__Host-{escrow_id}" if is_https(doors) else escrow_id


def is_https(doors: Doors) -> bool:
    return doors.settings.public_url.startswith("https://")
