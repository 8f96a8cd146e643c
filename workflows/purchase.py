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
from workflows.telling import Teller

with workflow.unsafe.imports_passed_through():
    from domain.errors import Refusal
    from domain.escrow import Escrow, Moved
    from domain.events import Event
    from domain.states import Stage
    from domain.terms import Terms
    from ledger.port import Transition


class Purchase:
    def __init__(self, terms: Terms) -> None:
        self.escrow = Escrow.opened(terms)
        self.lock = asyncio.Lock()
        self.errands = Errands()
        self.teller = Teller(terms.escrow_id)
        workflow.set_current_details(current_details(self.escrow))

    @property
    def over(self) -> bool:
        """Every unit has left, every bank has answered, the merchant's notices are on their way."""
        return self.escrow.settled and self.teller.done and self.errands.idle

    async def move(self, event: Event) -> Standing:
        """Raises Refusal; then nothing has changed."""
        async with self.lock:
            return await self.commit(event)

    async def move_if_possible(self, event: Event) -> bool:
        """For facts: what the table does not allow is no news, and changes nothing."""
        try:
            await self.move(event)
        except Refusal as refusal:
            workflow.logger.info("%s: %s", event.name, refusal)
            return False
        return True

    async def commit(self, event: Event) -> Standing:
        """With the lock held: ask the table, store the step, only then believe it.

        A worker that died between the commit and Temporal's knowing left the ledger ahead of us.
        What it has stored has happened: follow it, then ask the table again.
        """
        while True:
            moved = self.escrow.after(event, workflow.now())
            stored = await steps.record(Transition.of(moved))
            if stored is None:
                return self._moved(moved)
            happened = stored.event()
            caught_up = self._moved(self.escrow.after(happened, stored.at))
            if happened == event:
                return caught_up

    async def catch_up(self, seen: int) -> None:
        """Follow the ledger up to step `seen`, which somebody has read on the row already."""
        async with self.lock:
            while self.escrow.sequence < seen:
                stored = await steps.stored(self.escrow.terms.escrow_id, self.escrow.sequence + 1)
                if stored is None:
                    return
                self._moved(self.escrow.after(stored.event(), stored.at))

    def _moved(self, moved: Moved[Escrow]) -> Standing:
        before, self.escrow = self.escrow, moved.escrow
        self.teller.tell(before.told + 1, len(moved.tells))
        self._follow_up(before)
        return Standing(self.escrow.status, self.escrow.sequence)

    def _follow_up(self, before: Escrow) -> None:
        """What a step sets going: what operators see, and money at a bank."""
        escrow = self.escrow
        workflow.set_current_details(current_details(escrow))
        if escrow.review and not before.review:
            workflow.upsert_search_attributes([ESCROW_STAGE.value_set("review")])
        elif before.stage is Stage.PAYING and escrow.stage is Stage.AWAITING_SHIPMENT:
            workflow.upsert_search_attributes([ESCROW_STAGE.value_set("paid")])
        if escrow.stage is Stage.CAPTURING and before.stage is not Stage.CAPTURING:
            self.errands.run(escrow.capture, capture(escrow, self.move_if_possible))
        for back in escrow.returns:
            if back not in before.returns:
                self.errands.run(back.reference, give_back(escrow, back, self.move_if_possible))
