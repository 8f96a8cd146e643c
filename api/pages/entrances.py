"""Signing in at a room of pages and out again, and what the forms in it prove.

The merchant's console and the operator's desk are such rooms. Who may come in, and by what, is
each room's own; the cookie, the forms and the way out are the same.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from api.doors import Doors
from api.errors import Unauthenticated
from api.pages.rendering import page
from api.pages.visitors import is_https

#: Whom an entrance's form is for, as nobody is signed in yet.
NOBODY = "nobody"


class Session(Protocol):
    """`id` tells two of them apart and opens nothing."""

    @property
    def id(self) -> str: ...


AnySession = TypeVar("AnySession", bound=Session)


@dataclass(frozen=True, slots=True)
class Entrance:
    """`room` is the folder that it leads to, without slashes, and the cookie's name.

    `samesite` is `strict` where nobody has to arrive signed in by another site's link.
    """

    room: str
    template: str
    samesite: Literal["lax", "strict"]

    @property
    def home(self) -> str:
        return f"/{self.room}"

    @property
    def path(self) -> str:
        return f"/{self.room}/sign-in"

    def leads_to(self, path: str) -> bool:
        return path == self.home or path.startswith(f"{self.home}/")

    async def session(
        self,
        request: Request,
        doors: Doors,
        find: Callable[[AsyncEngine, str], Awaitable[AnySession | None]],
    ) -> AnySession:
        """Of whoever asks. Raises Unauthenticated, which leads to this entrance."""
        token = request.cookies.get(self._cookie(doors), "")
        session = await find(doors.engine, token) if token else None
        if session is None:
            raise Unauthenticated
        return session

    def shown(
        self, doors: Doors, notice: str = "", status: int = 200, **shown: object
    ) -> HTMLResponse:
        return page(
            self.template,
            status,
            form=doors.links.form(NOBODY, self.path, secrets.token_urlsafe(12)),
            notice=notice,
            refresh=0,
            sandbox=not doors.livemode,
            **shown,
        )

    def sent(self, doors: Doors, form: str) -> None:
        """Raises StaleForm, unless we rendered this form for this entrance."""
        doors.links.nonce_of(form, NOBODY, self.path)

    def let_in(self, doors: Doors, token: str) -> Response:
        """By the token of a session that has begun."""
        response = RedirectResponse(self.home, 303)
        response.set_cookie(
            self._cookie(doors),
            token,
            secure=is_https(doors),
            httponly=True,
            samesite=self.samesite,
        )
        return response

    def let_out(self, doors: Doors) -> Response:
        response = RedirectResponse(self.path, 303)
        response.delete_cookie(
            self._cookie(doors), secure=is_https(doors), httponly=True, samesite=self.samesite
        )
        return response

    def _cookie(self, doors: Doors) -> str:
        """`__Host-` needs https, which a laptop has not."""
        return f"__Host-{self.room}" if is_https(doors) else self.room


@dataclass(frozen=True, slots=True)
class SignedIn(Generic[AnySession]):
    """Somebody in one of the rooms; each room has a Visit of its own that is one."""

    doors: Doors
    session: AnySession

    def form(self, action: str) -> str:
        return self.doors.links.form(self.session.id, action, secrets.token_urlsafe(12))

    def nonce(self, form: str, action: str) -> str:
        """Of a form that we rendered for this session and action. Raises StaleForm."""
        return self.doors.links.nonce_of(form, self.session.id, action)

    def page(self, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        return page(
            template,
            status,
            sign_out_form=self.form("sign-out"),
            refresh=0,
            sandbox=not self.doors.livemode,
            **self.everywhere(),
            **shown,
        )

    def everywhere(self) -> dict[str, object]:
        """What every page of the room shows besides."""
        return {}
