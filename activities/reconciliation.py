"""Reading banks' statements: each step can be repeated and is done once."""

from collections.abc import Mapping
from dataclasses import dataclass

from temporalio import activity

from activities.patience import ask_again
from banks.port import (
    BankRefusedOurRequest,
    OutcomeUnknown,
    StatementFormat,
    StatementNotice,
    StatementSource,
    UnknownStatement,
)
from reconciliation.port import Due, Matched, StatementError, Statements, Taken

#: The bank is away, or has not what it has announced: both pass.
AWAY = (OutcomeUnknown, BankRefusedOurRequest, UnknownStatement)


@dataclass(frozen=True, slots=True)
class Page:
    """The next `most` lines of a statement."""

    file_id: str
    most: int = 500


class Reconciliation:
    def __init__(self, sources: Mapping[str, StatementSource], books: Statements) -> None:
        """`sources` are the banks whose statements come by their API."""
        self._sources = sources
        self._books = books

    @activity.defn
    async def due_statements(self) -> list[Due]:
        """What banks have announced and nobody has read, each account's in their order."""
        for bank, source in self._sources.items():
            while news := await self._announced(bank, source):
                await self._books.announce([_due(bank, one) for one in news])
        return await self._books.unread()

    @activity.defn
    async def take_in_statement(self, due: Due) -> Taken:
        """Fetch it and store it whole. What can't be is tried again: its bank may mend it."""
        try:
            file = await self._sources[due.bank].fetch(due.notice, StatementFormat.CAMT053)
        except AWAY as silence:
            raise _again("bank_silent", f"{due.bank}: {silence}") from silence
        try:
            return await self._books.take_in(due, file.data)
        except StatementError as wrong:
            raise _again(wrong.code, str(wrong)) from wrong

    @activity.defn
    async def match_lines(self, page: Page) -> Matched:
        """Judge the next lines and post what they did to the cash."""
        return await self._books.match(page.file_id, page.most)

    @activity.defn
    async def find_missing(self, file_id: str) -> Matched:
        """What should be in a statement, or in those before, and is not."""
        return await self._books.find_missing(file_id)

    @activity.defn
    async def finish_statement(self, file_id: str) -> None:
        """Note that it was read to its end."""
        await self._books.finish(file_id)

    async def _announced(self, bank: str, source: StatementSource) -> tuple[StatementNotice, ...]:
        try:
            return await source.published(await self._books.heard_of(bank))
        except AWAY as silence:
            raise _again("bank_silent", f"{bank}: {silence}") from silence


def _due(bank: str, notice: StatementNotice) -> Due:
    return Due(bank, notice.number, notice.account, notice.currency, notice.sequence, notice.day)


def _again(kind: str, reason: str) -> Exception:
    return ask_again(kind, reason, activity.info().attempt)
