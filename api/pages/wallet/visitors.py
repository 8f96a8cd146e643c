"""A buyer at the wallet, and one who comes to a cashier or an order signed in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from api.doors import Doors, TheDoors
from api.errors import NotFound, Unauthenticated
from api.pages.entrances import Entrance, SignedIn
from api.pages.visitors import drop_links
from api.wallet import accounts
from api.wallet.accounts import Account, Session
from api.wallet.methods import Purse
from api.wallet.purchases import Shelf
from api.wallet.room import Wallet

#: Not `strict`: buyers come back from their bank by its link.
ENTRANCE = Entrance(accounts.ROOM, "wallet_sign_in.html", samesite="lax")


@dataclass(frozen=True, slots=True)
class Visit(SignedIn[Session]):
    wallet: Wallet

    @property
    def account(self) -> Account:
        return self.session.account

    @property
    def shelf(self) -> Shelf:
        return self.wallet.shelf(self.account)

    @property
    def purse(self) -> Purse:
        return self.wallet.purse(self.account)

    def everywhere(self) -> dict[str, object]:
        return {"email": self.account.email}


def the_wallet(doors: TheDoors) -> Wallet:
    """Raises NotFound where no mails are sent: nobody could get in."""
    if doors.wallet is None:
        raise NotFound
    return doors.wallet


def leave(request: Request, doors: Doors) -> Response:
    """Out of the wallet and of all purchases: others may use this device."""
    response = ENTRANCE.let_out(doors)
    drop_links(request, doors, response)
    return response


TheWallet = Annotated[Wallet, Depends(the_wallet)]


async def visit(request: Request, doors: TheDoors, wallet: TheWallet) -> Visit:
    """Raises NotFound, Unauthenticated, which leads to the entrance."""
    return Visit(doors, await ENTRANCE.session(request, doors, accounts.find), wallet)


AVisit = Annotated[Visit, Depends(visit)]


async def guest(request: Request, doors: Doors) -> Visit | None:
    """Who is signed in at the wallet while they look at another page, if anybody is."""
    if doors.wallet is None:
        return None
    try:
        return await visit(request, doors, doors.wallet)
    except Unauthenticated:
        return None
