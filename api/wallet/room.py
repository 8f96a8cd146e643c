"""The wallet as the doors know it: what it needs besides them, made once by `create_app`."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from api.wallet import purchases
from api.wallet.accounts import Account
from api.wallet.addresses import Recognition
from api.wallet.chores import Bell, keep_doing
from api.wallet.entrances import EntranceLinks
from api.wallet.forgetting import forget_payers
from api.wallet.mail import Post
from api.wallet.methods import Purse
from api.wallet.purchases import Shelf
from banks.port import Keeper


@dataclass(frozen=True, slots=True)
class Wallet:
    """`keepers` are the banks that keep methods for their buyers, by name."""

    engine: AsyncEngine
    links: EntranceLinks
    post: Post
    recognition: Recognition
    keepers: Mapping[str, Keeper]
    #: Rung when a mail is to be sent, and when a bank is to forget.
    mails: Bell = field(default_factory=Bell)
    leavers: Bell = field(default_factory=Bell)

    def purse(self, account: Account) -> Purse:
        return Purse(self.engine, self.keepers, account)

    def shelf(self, account: Account) -> Shelf:
        return Shelf(self.engine, account, self.recognition)

    def chores(self) -> list[Coroutine[None, None, None]]:
        """What goes on until the process ends."""
        engine = self.engine
        send = partial(self.post.send_due, engine)
        forget = partial(forget_payers, engine, self.keepers)
        recognise = partial(purchases.recognise, engine, self.recognition)
        return [
            keep_doing(send, self.mails, "mails"),
            keep_doing(forget, self.leavers, "what banks keep for nobody"),
            keep_doing(recognise, Bell(), "whose purchases are"),
        ]
