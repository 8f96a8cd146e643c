"""Writing down what happened: the ledger, the row and the public events in one commit."""

from temporalio import activity

from ledger.port import Book, Posting, Stored, Transition


class Bookkeeping:
    def __init__(self, book: Book) -> None:
        self._book = book

    @activity.defn
    async def record(self, transition: Transition) -> Stored | None:
        """Store one step of a purchase, or say which step has that number already."""
        return await self._book.record(transition)

    @activity.defn
    async def step(self, escrow_id: str, sequence: int) -> Stored | None:
        """The stored step of a purchase that has this number, if there is one."""
        return await self._book.step(escrow_id, sequence)

    @activity.defn
    async def booked(self, escrow_id: str, attempt: int) -> bool:
        """Whether the money of this payment attempt is in the purchase's books."""
        return await self._book.booked(escrow_id, attempt)

    @activity.defn
    async def post(self, posting: Posting) -> None:
        """Store a journal that belongs to no live purchase; again changes nothing."""
        await self._book.post(posting)
