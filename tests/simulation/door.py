"""The door in front of a purchase: answers from the row, acknowledges only what will last."""

from dataclasses import dataclass, field

from domain import events
from domain.errors import EscrowEnded, Refusal
from domain.escrow import Escrow
from tests.simulation.ledger import ModelLedger
from tests.simulation.paying import Paying
from tests.simulation.tasks import Command, Reply

#: A caller without an answer asks again after this long, with the same key.
PATIENCE = 30.0
MOST_TRIES = 4


@dataclass(frozen=True, slots=True)
class Receipt:
    """A confirmation that a buyer was told has been taken, at version `seen` of the row."""

    command: Command
    seen: int


@dataclass(slots=True)
class Door:
    opened: Escrow
    ledger: ModelLedger
    story: Paying
    #: The first answer to each command; `changed` are answers that were not the first one.
    answers: dict[str, Reply] = field(default_factory=dict)
    changed: list[Reply] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def row(self) -> Escrow:
        """What pages and lists read."""
        steps = self.ledger.steps
        return steps[-1].after if steps else self.opened

    def ask(self, command: Command, tries: int = MOST_TRIES) -> None:
        """An update: refused on the row, or handed on and asked again while nobody answers."""
        if command.id in self.answers:
            return
        if refusal := self._refusal(command):
            self._refuse(command, refusal, again=tries < MOST_TRIES)
            return
        self.story.hear("command", command)
        if tries > 1:
            self.story.world.after(PATIENCE, self.ask, command, tries - 1)

    def _refuse(self, command: Command, refusal: type[Refusal], *, again: bool) -> None:
        """Unless what stands in its way is its own effect, or it is still under way."""
        if again and self.story.knows(command):
            return
        if again and self.done_before(command):
            self.story.hear("row_moved")
            self.answers[command.id] = Reply(command, None, self.ledger.version)
        else:
            self.answers[command.id] = Reply(command, refusal, self.ledger.version)

    def done_before(self, command: Command) -> bool:
        """The ledger has it, and Temporal has forgotten it: a worker died in between."""
        return any(step.command == command.id for step in self.ledger.steps)

    def confirm(self, command: Command) -> None:
        """The signal. Taken means: it counts, unless somebody else was first."""
        seen = self.ledger.version
        if self._allowed(command):
            self.receipts.append(Receipt(command, seen))
            self.story.hear("receipt", command)
            if self.story.world.hits("callback twice"):
                self.story.hear("receipt", command)

    def bank_reports(self, reference: str) -> None:
        """A callback. What the workflow is too late for goes straight back, unless it is booked."""
        attempt = int(reference.rpartition(":")[2])
        if not self.story.over:
            self.story.hear("reported", reference)
        elif not self.ledger.booked(attempt):
            self.story.late.start(reference)

    def answered(self, reply: Reply) -> None:
        if reply.refusal is not None and self._allowed(reply.command):
            # Refused from behind the row: no answer to keep.
            self.story.hear("row_moved")
            return
        first = self.answers.setdefault(reply.command.id, reply)
        if (first.refusal is None) is not (reply.refusal is None):
            self.changed.append(reply)
        url = reply.page
        if url and isinstance(reply.command.event, events.PaymentStarted):
            delay = self.story.world.rng.random() * 600
            self.story.world.after(delay, self.story.line.bank.visit, url)

    def _allowed(self, command: Command) -> bool:
        return self._refusal(command) is None

    def _refusal(self, command: Command) -> type[Refusal] | None:
        try:
            self.row.allows(command.event)
        except Refusal as refusal:
            return type(refusal)
        return EscrowEnded if self.story.over else None
