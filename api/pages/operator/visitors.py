"""An operator who is signed in: what their forms command."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.doors import TheDoors
from api.idempotency import Keyed, Try
from api.operators import sessions
from api.operators.accounts import Account
from api.operators.sessions import Session
from api.pages.entrances import Entrance, SignedIn

ENTRANCE = Entrance("operator", "operator_sign_in.html", samesite="strict")


@dataclass(frozen=True, slots=True)
class Visit(SignedIn[Session]):
    @property
    def operator(self) -> Account:
        return self.session.operator

    def sent(self, form: str, action: str, said: str = "") -> Try:
        """The command of this very form and what was typed into it.

        Raises StaleForm, unless we rendered this form for this session and this action.
        """
        nonce = self.nonce(form, action)
        keyed = Keyed(f"desk:{self.operator.id}", nonce, f"{action} {said}".encode())
        return Try(keyed.command_id())

    def everywhere(self) -> dict[str, object]:
        return {"operator": self.operator}


async def visit(request: Request, doors: TheDoors) -> Visit:
    """Raises Unauthenticated, which leads to the entrance."""
    return Visit(doors, await ENTRANCE.session(request, doors, sessions.find))


AVisit = Annotated[Visit, Depends(visit)]
