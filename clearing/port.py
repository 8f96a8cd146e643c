"""What the rest of Danbao knows of clearing. Amounts are minor units of `currency`."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from banks.port import Remitted
from domain.terms import Funding


class PayoutState(StrEnum):
    """`opened` the merchant's balance has it no more; `sent` the bank will pay it; `settled` the
    bank has; `failed` the bank refused, the money is payable again; `returned` the merchant's bank
    sent it back after all, days later.
    """

    OPENED = "opened"
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"


#: Where a payout can go from a state. The database has the same table (0017_clearing.sql).
NEXT: dict[PayoutState, frozenset[PayoutState]] = {
    PayoutState.OPENED: frozenset({PayoutState.SENT, PayoutState.FAILED}),
    PayoutState.SENT: frozenset({PayoutState.SETTLED, PayoutState.FAILED, PayoutState.RETURNED}),
    PayoutState.SETTLED: frozenset({PayoutState.RETURNED}),
    PayoutState.FAILED: frozenset(),
    PayoutState.RETURNED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One clearing day of one bank in one currency."""

    bank: str
    currency: str
    day: date


@dataclass(frozen=True, slots=True)
class Page:
    """The merchants of shard `shard` of `shards` after the id `after`, at most `most`."""

    run: Run
    shard: int
    shards: int
    after: str = ""
    most: int = 200


@dataclass(frozen=True, slots=True)
class Payout:
    """One remittance to one merchant. `holder` and `account` are its bank details, as the bank
    wants them; `said` is what the bank has answered already about one that was in a file.
    """

    id: str
    merchant_id: str
    bank: str
    currency: str
    amount: int
    reference: str
    holder: str
    account: str
    said: Remitted | None = None


@dataclass(frozen=True, slots=True)
class PayoutBatch:
    """Payouts that a bank is told of together; `id` names the file, for ever."""

    id: str
    bank: str
    currency: str
    day: date
    created_at: datetime
    payouts: tuple[Payout, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """What one page came to: `merchants` looked at, the `payouts` that are to be remitted, and
    where to go on (`after`; "" when the shard is done). `held_back` were owed something and have
    no bank account that may be paid. A payout in one of the `batches` is remitted with it, each
    other one by itself.
    """

    merchants: int
    payouts: tuple[Payout, ...]
    held_back: int
    after: str
    batches: tuple[PayoutBatch, ...] = ()

    @property
    def alone(self) -> tuple[Payout, ...]:
        """Those in no batch."""
        together = {payout.id for batch in self.batches for payout in batch.payouts}
        return tuple(payout for payout in self.payouts if payout.id not in together)


@dataclass(frozen=True, slots=True)
class Moved:
    """A payout's step: number `event` of its public events, and whether it was news."""

    event: int
    news: bool


class IllegalMove(Exception):
    """A payout can't go there from where it is: nothing stored."""


class Clearing(Protocol):
    async def due(self) -> list[Run]:
        """The newest day that is over, of every bank and currency in which it has not been cleared.

        Days that were missed are not made up for one by one: what was due then is due now.
        """

    async def begin(self, run: Run) -> int:
        """Note that the day's run has begun. About how many merchants are to be looked at."""

    async def clear(self, page: Page) -> Cleared:
        """Open what is due to each merchant of the page: again finds the same payouts."""

    async def move(self, payout_id: str, to: PayoutState, reason: str = "") -> Moved:
        """Take a payout's step: row, journal and public event in one commit, once.

        Raises IllegalMove.
        """

    async def finish(self, run: Run) -> None:
        """Note that every merchant of the day has been looked at."""


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """A merchant wants to give back `amount` of what was released to it, by command `command`."""

    escrow_id: str
    merchant_id: str
    amount: int
    command: str


@dataclass(frozen=True, slots=True)
class Told:
    """The purchase after a step: its status and version, and the `count` public events of the step
    from number `first` on.
    """

    status: str
    version: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class BackOrder:
    """What a bank is to give back: `amount` of the payment `of`, under `reference`.

    Complete, so that whoever else should ever follow the ledger tells the bank the very same.
    """

    bank: str
    reference: str
    of: str
    amount: int
    currency: str
    funding: Funding


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of a refund that was asked for: booked, or `refused` (a Refusal's code) with
    nothing changed.
    """

    back: BackOrder | None = None
    told: Told | None = None
    refused: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class BankHeard:
    """A fact about the return `reference` of a purchase, by the event's name and detail."""

    escrow_id: str
    reference: str
    name: str
    detail: dict[str, str]


class AfterSale(Protocol):
    async def refund(self, asked: RefundAsked) -> Ruling:
        """Book it once, out of what the merchant has with us at this moment.

        The same command again gets what was booked then, whatever the balance is by now.
        """

    async def heard(self, fact: BankHeard) -> Told:
        """Write down what a bank did, once."""
