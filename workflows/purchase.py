"""The one writer of a purchase: one lock, the table asked again, one commit.

Update and signal handlers interleave at every await, so whoever wants to change a purchase goes
through `move`. Nothing waits for a bank in there; that is what errands are for.
"""

import asyncio

from temporalio import workflow

from workflows import steps
from workflows.commands import Standing
from workflows.details import current_details
from workflows.errands import Errands
from workflows.money import capture, give_back
from workflows.names import ESCROW_STAGE
from workflows.refusals import refusing
from workflows.telling import Teller

with workflow.unsafe.imports_passed_through():
    from domain import events
    from domain.errors import Refusal
    from domain.escrow import Escrow, Moved
    from domain.events import Event
    from domain.states import Dispute, Stage
    from domain.terms import Terms
    from ledger.port import Stored, Transition

#: In a dispute, what operators find the purchase by.
TURNS = {Dispute.OPEN: "disputed", Dispute.ARBITRATION: "arbitration"}


class Purchase:
    def __init__(self, terms: Terms) -> None:
        self.escrow = Escrow.opened(terms)
        self.lock = asyncio.Lock()
        self.errands = Errands()
        self.teller = Teller(terms.escrow_id)
        #: Commands that were done before a worker died, found in the ledger: each with the
        #: purchase right after it. Their updates come again and get their answers from here.
        self.done: dict[str, Escrow] = {}
        #: Payment → the bank it was made at.
        self.banks: dict[str, str] = {}
        #: Payments whose outcome is booked: a second report of them is no news.
        self.booked: set[str] = set()
        workflow.set_current_details(current_details(self.escrow))

    @property
    def over(self) -> bool:
        """Every unit has left, every bank has answered, the merchant's notices are on their way."""
        return self.escrow.settled and self.teller.done and self.errands.idle

    def first_look(self, event: Event) -> None:
        """A validator's cheap look, before a request leaves a trace; `commit` decides for good."""
        if command_id() in self.done:
            return
        with refusing():
            self.escrow.allows(event)

    async def obey(self, event: Event) -> Standing:
        """An update: refused with a typed error, or done."""
        with refusing():
            return await self.move(event, command_id())

    async def move(self, event: Event, command: str = "") -> Standing:
        """Raises Refusal; then nothing has changed."""
        while True:
            async with self.lock:
                if done := self.done.get(command):
                    return standing(done)
                if moved := await self.commit(event, command):
                    return moved

    async def move_if_possible(self, event: Event) -> bool:
        """For facts: what the table does not allow is no news, and changes nothing."""
        try:
            await self.move(event)
        except Refusal as refusal:
            workflow.logger.info("%s: %s", event.name, refusal)
            return False
        return True

    async def commit(self, event: Event, command: str = "") -> Standing | None:
        """With the lock held: ask the table, store the step, only then believe it.

        A worker that died between the commit and Temporal's knowing left the ledger ahead of us.
        What it has stored has happened: we follow it. None: it was something else, so whether
        this is still to be done is a new question. Raises Refusal, judged by the ledger's truth.
        """
        try:
            moved = self.escrow.after(event, workflow.now())
        except Refusal:
            if await self.catch_up():
                return None
            raise
        stored = await steps.record(Transition.of(moved, command))
        if stored is None:
            return self._moved(moved)
        self._follow(stored)
        ours = (stored.event(), stored.command) == (event, command)
        return standing(self.escrow) if ours else None

    async def catch_up(self) -> bool:
        """With the lock held: follow the ledger as far as it goes. Whether it was ahead."""
        before = self.escrow.sequence
        while stored := await steps.stored(self.escrow.terms.escrow_id, self.escrow.sequence + 1):
            self._follow(stored)
        return self.escrow.sequence > before

    def _follow(self, stored: Stored) -> None:
        self._moved(self.escrow.after(stored.event(), stored.at))
        if stored.command:
            self.done[stored.command] = self.escrow

    def _moved(self, moved: Moved[Escrow]) -> Standing:
        before, self.escrow = self.escrow, moved.escrow
        if isinstance(moved.event, events.PaymentStarted):
            self.banks[self.escrow.payment] = moved.event.bank
        if isinstance(moved.event, events.PaymentSucceeded | events.PaymentMismatched):
            self.booked.add(before.payment)
        self.teller.tell(before.told + 1, len(moved.tells))
        self._follow_up(before)
        return standing(self.escrow)

    def _follow_up(self, before: Escrow) -> None:
        """What a step sets going: what operators see, and money at a bank."""
        escrow = self.escrow
        workflow.set_current_details(current_details(escrow))
        came_in = before.stage is Stage.PAYING and escrow.stage is Stage.AWAITING_SHIPMENT
        if came_in or somebodys_turn(escrow) != somebodys_turn(before):
            workflow.upsert_search_attributes([ESCROW_STAGE.value_set(coarse(escrow))])
        if escrow.stage is Stage.CAPTURING and before.stage is not Stage.CAPTURING:
            self.errands.run(escrow.capture, capture(escrow, self.move_if_possible))
        for back in escrow.returns:
            if back not in before.returns:
                self.errands.run(back.reference, give_back(escrow, back, self.move_if_possible))


def command_id() -> str:
    """Of the update that is being handled: derived from the caller's idempotency key."""
    update = workflow.current_update_info()
    return update.id if update else ""


def standing(escrow: Escrow) -> Standing:
    return Standing(escrow.status, escrow.sequence)


def coarse(escrow: Escrow) -> str:
    """What operators find a purchase by."""
    if turn := somebodys_turn(escrow):
        return turn
    return "paid" if escrow.amounts.funded or escrow.amounts.authorised else "unpaid"


def somebodys_turn(escrow: Escrow) -> str:
    """Why a person has to act who is not the buyer; "" when nobody has to."""
    if escrow.review:
        return "review"
    return TURNS.get(escrow.dispute, "")
