"""Somebody who is signed in: what their forms prove, and what their key lets them do."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from api.doors import Doors, TheDoors
from api.errors import MissingScope, Unauthenticated
from api.pages.merchant import sessions
from api.pages.merchant.sessions import Session
from api.pages.rendering import page
from api.pages.visitors import is_https
from api.scopes import MEANINGS, Scope

ENTRANCE = "/merchant/sign-in"


@dataclass(frozen=True, slots=True)
class Visit:
    doors: Doors
    session: Session

    @property
    def merchant_id(self) -> str:
        return self.session.merchant_id

    def may(self, scope: Scope) -> bool:
        return scope in self.session.scopes

    def needs(self, scope: Scope) -> None:
        """Raises MissingScope."""
        if not self.may(scope):
            raise MissingScope(
                f"the key that you signed in with has no scope `{scope}`: to {MEANINGS[scope]}"
            )

    def form(self, action: str) -> str:
        return self.doors.links.form(self.session.id, action, secrets.token_urlsafe(12))

    def sent(self, form: str, action: str) -> None:
        """Raises StaleForm, unless we rendered this form for this session and this action."""
        self.doors.links.nonce_of(form, self.session.id, action)

    def page(self, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        return page(
            template,
            status,
            shop=self.session.shop,
            may=self.may,
            sign_out_form=self.form("sign-out"),
            refresh=0,
            sandbox=not self.doors.livemode,
            **shown,
        )


async def visit(request: Request, doors: TheDoors) -> Visit:
    """Raises Unauthenticated, which leads to the entrance."""
    token = request.cookies.get(cookie_name(doors), "")
    session = await sessions.find(doors.engine, token) if token else None
    if session is None:
        raise Unauthenticated
    return Visit(doors, session)


AVisit = Annotated[Visit, Depends(visit)]


def cookie_name(doors: Doors) -> str:
    """`__Host-` needs https, which a laptop has not."""
    return "__Host-merchant" if is_https(doors) else "merchant"
