"""A clearing day's steps: what is due becomes payouts, and what became of each is written down."""

from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from clearing.port import Cleared, IllegalMove, Moved, Page, PayoutState, Run
from clearing.port import Clearing as Books


@dataclass(frozen=True, slots=True)
class PayoutStep:
    """A payout's next state, and why, in a word."""

    payout_id: str
    to: PayoutState
    reason: str = ""


class Clearing:
    def __init__(self, books: Books) -> None:
        self._books = books

    @activity.defn
    async def due_runs(self) -> list[Run]:
        """The clearing days that are over and have not been cleared."""
        return await self._books.due()

    @activity.defn
    async def begin_clearing(self, run: Run) -> int:
        """Note that the day's run has begun; about how many merchants there are."""
        return await self._books.begin(run)

    @activity.defn
    async def clear(self, page: Page) -> Cleared:
        """Open the payouts of a page of merchants; again finds the same ones."""
        return await self._books.clear(page)

    @activity.defn
    async def move_payout(self, step: PayoutStep) -> Moved:
        """Take a payout's step once. What it can't do is a bug of ours, and is not tried again."""
        try:
            return await self._books.move(step.payout_id, step.to, step.reason)
        except IllegalMove as illegal:
            raise ApplicationError(
                str(illegal), type="illegal_move", non_retryable=True
            ) from illegal

    @activity.defn
    async def finish_clearing(self, run: Run) -> None:
        """Note that every merchant of the day was looked at."""
        await self._books.finish(run)
