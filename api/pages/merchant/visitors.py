"""Somebody who is signed in: what their key lets them do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.doors import TheDoors
from api.errors import MissingScope
from api.languages import _, gettext
from api.pages.entrances import Entrance, SignedIn
from api.pages.merchant import sessions
from api.pages.merchant.sessions import Session
from api.scopes import MEANINGS, Scope

ENTRANCE = Entrance("merchant", "merchant_sign_in.html", samesite="lax")


@dataclass(frozen=True, slots=True)
class Visit(SignedIn[Session]):
    @property
    def merchant_id(self) -> str:
        return self.session.merchant_id

    def may(self, scope: Scope) -> bool:
        return scope in self.session.scopes

    def needs(self, scope: Scope) -> None:
        """Raises MissingScope."""
        if not self.may(scope):
            told = _("the key that you signed in with has no scope `%(scope)s`: to %(meaning)s")
            raise MissingScope(told % {"scope": scope, "meaning": gettext(MEANINGS[scope])})

    def everywhere(self) -> dict[str, object]:
        return {"shop": self.session.shop, "may": self.may}


async def visit(request: Request, doors: TheDoors) -> Visit:
    """Raises Unauthenticated, which leads to the entrance."""
    return Visit(doors, await ENTRANCE.session(request, doors, sessions.find))


AVisit = Annotated[Visit, Depends(visit)]
