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
from api.errors import InvalidLink, NotFound, StaleForm
from api.idempotency import Keyed, Try
from api.purchases import Purchase

#: The link itself opens the page again for as long as the purchase lives.
COOKIE_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer who holds the link, at the purchase that it opens."""

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
        return Visit(self.doors, await purchases.get(self.doors.engine, self.purchase.id))


async def visit(request: Request, escrow_id: str, doors: TheDoors) -> Visit:
    """Raises InvalidLink, ExpiredLink, NotFound."""
    token = request.cookies.get(cookie_name(doors, escrow_id))
    if token is None:
        raise InvalidLink("please open the link from the shop again; this page needs its cookie")
    if doors.links.escrow_of(token, datetime.now(UTC)) != escrow_id:
        raise NotFound
    purchase = await purchases.find(doors.engine, escrow_id)
    if purchase is None:
        raise NotFound
    return Visit(doors, purchase)


AVisit = Annotated[Visit, Depends(visit)]


async def own_form(request: Request, form: Annotated[str, Form(max_length=500)]) -> str:
    """The hidden field of our forms. Raises StaleForm when another site sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise StaleForm("this form did not come from our page")
    return form


OwnForm = Annotated[str, Depends(own_form)]


async def exchange(doors: Doors, token: str, folder: str) -> Response:
    """Keep the link's token as a cookie and go on under a clean address.

    Raises InvalidLink, ExpiredLink, NotFound.
    """
    escrow_id = doors.links.escrow_of(token, datetime.now(UTC))
    if await purchases.find(doors.engine, escrow_id) is None:
        raise NotFound
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


def cookie_name(doors: Doors, escrow_id: str) -> str:
    """`__Host-` needs https, which a laptop has not."""
    return f"__Host-{escrow_id}" if is_https(doors) else escrow_id


def is_https(doors: Doors) -> bool:
    return doors.settings.public_url.startswith("https://")
