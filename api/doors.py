"""What every door needs, made once by `create_app` and handed to the routes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from api.cursors import Cursors
from api.evidence.files import Files
from api.links import Links
from api.quotas import Quotas
from api.trade import Trade
from api.waiting import Watch
from api.wallet.addresses import Recognition
from api.wallet.room import Wallet
from runtime.settings import Settings
from vault.ring import Ring


@dataclass(frozen=True, slots=True)
class Doors:
    settings: Settings
    engine: AsyncEngine
    trade: Trade
    links: Links
    cursors: Cursors
    watch: Watch
    quotas: Quotas
    ring: Ring
    evidence: Files
    recognition: Recognition
    #: None where no mails are sent: nobody could get in.
    wallet: Wallet | None
    #: bank → the secret that its callbacks are signed with
    bank_secrets: Mapping[str, str]

    @property
    def livemode(self) -> bool:
        return self.settings.mode == "live"


def the_doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


TheDoors = Annotated[Doors, Depends(the_doors)]
