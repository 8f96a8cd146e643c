"""What the rest of Danbao knows of the ledger: one transition in, everything or nothing stored."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from domain.accounts import Journal
from domain.escrow import Moved
from domain.events import Event
from domain.states import Party, Reason, State
from domain.transitions import TRANSITIONS

S = TypeVar("S", bound=State)
Detail = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Row:
    """The purchase as lists and pages read it: the projection that `record` moves."""

    stage: str
    dispute: str
    status: str
    funded: int
    held: int
    disputed: int
    released: int
    refunded: int
    authorised: int
    #: Minor units on their way back to the buyer, without a definitive answer yet.
    returning: int
    bank: str
    method: str
    attempt: int
    #: The reference of the current payment attempt, "" before the first.
    payment: str
    declined: str
    deadline: datetime | None
    capture_before: datetime | None
    dispute_deadline: datetime | None
    review: str
    told: int

    @classmethod
    def of(cls, state: State) -> "Row":
        return cls(
            stage=state.stage,
            dispute=state.dispute,
            status=state.status,
            **asdict(state.amounts),
            returning=sum(back.amount for back in state.returns),
            bank=state.bank,
            method=state.method,
            attempt=state.attempt,
            payment=state.payment if state.attempt else "",
            declined=state.declined,
            deadline=state.deadline,
            capture_before=state.capture_before,
            dispute_deadline=state.dispute_deadline,
            review=state.review,
            told=state.told,
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one purchase: legs, row and public events, committed together.

    `sequence` is the escrow's version after it (2 is the first step after creation) and its
    idempotency key. `tells` are the public events in order; the first has the per-escrow number
    `first_event`, so their numbering is gapless.
    """

    escrow_id: str
    sequence: int
    name: str
    by: str
    at: datetime
    currency: str
    legs: Journal
    row: Row
    first_event: int
    tells: tuple[str, ...]
    detail: Detail
    #: The id of the command that asked for it, "" for facts.
    command: str = ""

    @classmethod
    def of(cls, moved: Moved[S], command: str = "") -> "Transition":
        after = moved.escrow
        return cls(
            escrow_id=after.terms.escrow_id,
            sequence=after.sequence,
            name=moved.event.name,
            by=moved.event.by,
            at=moved.at,
            currency=after.terms.currency,
            legs=moved.legs,
            row=Row.of(after),
            first_event=after.told - len(moved.tells) + 1,
            tells=moved.tells,
            detail=detail(moved.event),
            command=command,
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """A journal that belongs to no live purchase, such as a late payment.

    Its id is fixed by (`subject`, `sequence`), `name` says what it is.
    """

    subject: str
    sequence: int
    name: str
    at: datetime
    currency: str
    legs: Journal


@dataclass(frozen=True, slots=True)
class Stored:
    """The step that already has this number: what happened, by whom, when, at whose command."""

    name: str
    by: str
    at: datetime
    detail: Detail
    command: str = ""

    def event(self) -> Event:
        """The event that was stored. Raises ValueError when no event has its name."""
        return rebuilt(self.name, self.by, self.detail)


class LedgerConflict(Exception):
    """A step out of order, or a journal's id with other legs: a bug of ours, nothing stored."""


class Book(Protocol):
    async def record(self, transition: Transition) -> Stored | None:
        """Store the step once; None when it is stored exactly as given.

        If that number was taken by another step, or by this one at another moment, nothing
        changes and the answer says what was stored: a worker died after the commit and before
        Temporal knew, so the ledger is ahead of the workflow, which has to follow it.
        Raises LedgerConflict.
        """

    async def step(self, escrow_id: str, sequence: int) -> Stored | None:
        """The step that has this number; None when it has not been stored."""

    async def booked(self, escrow_id: str, attempt: int) -> bool:
        """Whether the money of this payment attempt became the purchase's, or went back by it."""

    async def post(self, posting: Posting) -> None:
        """Store a journal once. Raises LedgerConflict."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal. Publish `hash` where nobody who can write the database can change it."""

    no: int
    hash: str


@dataclass(frozen=True, slots=True)
class Breach:
    """A truth that does not hold for `subject` (a currency, an account, a purchase)."""

    truth: str
    subject: str
    said: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the books say of themselves at one moment.

    `balance` is debits less credits, `cover` (cash at banks, owed to others), both by currency in
    minor units; `truths` names all that was looked at, `breaches` what does not hold.
    """

    balance: dict[str, int]
    cover: dict[str, tuple[int, int]]
    truths: tuple[str, ...]
    breaches: list[Breach]


class Upkeep(Protocol):
    async def roll_up(self) -> int:
        """Fold the tails of all busy accounts into checkpoints; returns how many accounts."""

    async def seal(self) -> Head:
        """Seal what has become final since the last seal; returns the chain's head."""

    async def broken(self, since: int, known: Head | None = None) -> list[int]:
        """The seals, from number `since` on, that don't hold what they sealed.

        `known` is a head that was published earlier: a chain that does not contain it was
        written anew, and its number is among the answer.
        """


def detail(event: Event) -> Detail:
    """What an event says besides its name, as JSON scalars (times ISO 8601, durations seconds)."""
    said = ((field.name, getattr(event, field.name)) for field in fields(event))
    return {name: _scalar(value) for name, value in said if name != "by"}


def rebuilt(name: str, by: str, said: Detail) -> Event:
    """The event that `detail` was taken from."""
    kind = next((rule.event for rule in TRANSITIONS if rule.event.name == name), None)
    if kind is None:
        raise ValueError(f"{name!r} is no event")
    types = {field.name: field.type for field in fields(kind)}
    values = {key: _typed(types[key], value) for key, value in said.items()}
    return kind(by=Party(by), **values)


def _scalar(value: object) -> str | int | None:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value / timedelta(seconds=1)!r}S"
    if value is None or isinstance(value, int):
        return value
    return str(value)


def _typed(kind: Any, value: str | int | None) -> Any:
    if isinstance(value, str) and kind is timedelta:
        return timedelta(seconds=float(value.removeprefix("PT").removesuffix("S")))
    if isinstance(value, str) and kind in (datetime, datetime | None):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and kind is Reason:
        return Reason(value)
    return value
