"""Workflow tasks that may die: what a worker knows, what it has done, what comes again.

As in Temporal, a task takes the messages that have come, runs everything up to the next wait, and
only when it ends do its timers, activities and answers exist. A worker that dies before that
takes the task's memory with it; what its local steps did outside stays done.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from banks.port import OutcomeUnknown
from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.events import Event
from tests.simulation.activities import Activities
from tests.simulation.world import World

A = TypeVar("A")
#: A dead worker's task is given to another one after this long.
STICKY_TIMEOUT = 10.0
#: The handler's name and what it is told.
Message = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Command:
    id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command was answered; `sequence` is how far the workflow was then."""

    command: Command
    refusal: type[Refusal] | None
    sequence: int
    page: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A step that waits for the lock; no event: whatever the clock says then."""

    event: Event | None
    command: Command | None = None

    @property
    def by(self) -> str:
        """The command that asked for it, "" for facts."""
        return self.command.id if self.command else ""


class Death(Exception):
    """The worker is gone, in the middle of a task."""


@dataclass(slots=True)
class Memory:
    """All that a workflow knows; back to the last finished task when a worker dies."""

    escrow: Escrow
    queue: list[Wish] = field(default_factory=list)
    recording: tuple[Moved[Escrow], Wish] | None = None
    errands: frozenset[str] = frozenset()
    #: Updates that were accepted: the same one again is no new one.
    asked: frozenset[str] = frozenset()
    #: Commands that have come true, each with the step it led to.
    accepted: dict[str, int] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    booked: frozenset[int] = frozenset()
    page: str = ""
    ask_after: float = 0.0
    ask_at: float | None = None
    timer: datetime | None = None

    def copy(self) -> "Memory":
        return replace(self, queue=list(self.queue), accepted=dict(self.accepted))


class Tasks:
    def __init__(self, world: World, escrow: Escrow, activities: Activities) -> None:
        self.world = world
        self.activities = activities
        self.memory = Memory(escrow)
        self._inbox: list[Message] = []
        self._outbox: list[Callable[[], None]] = []
        self._awake = False
        self._fuse = 0

    def hear(self, *message: Any) -> None:
        """A handler's name and what it is told; handled in the next task."""
        self._inbox.append(message)
        self._wake(0.01 + self.world.rng.random() / 20)

    def knows(self, command: Command) -> bool:
        """Whether this update is on its way in, or was accepted: its answer will come."""
        return ("command", command) in self._inbox or command.id in self.memory.asked

    def run(self) -> None:
        """Whatever can be done after all messages have been looked at."""
        raise NotImplementedError

    def rest(self) -> None:
        """When the task has ended: set the timer, or end."""
        raise NotImplementedError

    def local(self, act: Callable[[], A]) -> A:
        """A local activity: done at once, unless the worker dies before or after it."""
        if self._fuse:
            self._fuse -= 1
            if self._fuse == 0:
                self._die_with(act)
        return act()

    def send(self, act: Callable[..., None], *args: Any) -> None:
        """Do it when the task ends, if it does."""
        self._outbox.append(lambda: act(*args))

    def errand(self, name: str, attempt: Callable[[int], Any]) -> None:
        """A regular activity, one of that name at a time; its answer comes as a message."""
        if name not in self.memory.errands:
            self.memory.errands |= {name}
            self.send(
                self.activities.start,
                attempt,
                lambda answer: self.hear("errand_done", name, answer),
                lambda: self.hear("bank_is_silent"),
            )

    def _wake(self, delay: float) -> None:
        if not self._awake:
            self._awake = True
            self.world.after(delay, self._task)

    def _task(self) -> None:
        self._awake = False
        messages, self._inbox, self._outbox = self._inbox, [], []
        before, self._fuse = self.memory, 0
        if self.world.hits("worker dies"):
            self.memory, self._fuse = before.copy(), self.world.rng.randrange(1, 6)
        try:
            for handler, *said in messages:
                getattr(self, handler)(*said)
            self.run()
            if self._fuse:
                raise Death
        except Death:
            self.memory = before
            self._hear_again(messages)
            return
        for act in self._outbox:
            act()
        self.rest()

    def _hear_again(self, messages: list[Message]) -> None:
        """Signals, timers and results are in the history; an update comes again later, or not.

        So it may come behind what it was ahead of when its step was stored.
        """
        updates = [message for message in messages if message[0] == "command"]
        self._inbox = [message for message in messages if message[0] != "command"] + self._inbox
        self._inbox += [update for update in updates if not self.world.hits("update lost")]
        self._wake(STICKY_TIMEOUT)

    def _die_with(self, act: Callable[[], Any]) -> None:
        if self.world.rng.random() < 0.7:
            try:
                act()
            except OutcomeUnknown as unknown:
                raise Death from unknown
        raise Death
