"""Workers that read statements on a real Temporal server, and a bank that announces them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from temporalio.client import Client, WorkflowHandle

from activities.bookkeeping import Bookkeeping
from activities.funding import Funding
from activities.notices import Notices
from activities.reconciliation import Reconciliation
from banks.files.statements import Statement
from banks.operations import Operations
from banks.port import (
    OutcomeUnknown,
    StatementFile,
    StatementFormat,
    StatementNotice,
    UnknownStatement,
)
from ledger.book import Book
from reconciliation.port import Matched
from reconciliation.shown import Shown
from reconciliation.statements import StatementBooks
from tests.integration.reconciliation.desk import DAY, Desk, written
from tests.workflows.parts import ScriptedBank, ScriptedMerchant
from worker import activities, bank_activities, reconciliation_activities, workers
from workflows.names import ESCROW_QUEUE, reconciliation_id
from workflows.reconciliation import ReconciliationRound


@dataclass(slots=True)
class Announcer:
    """A bank's statements in the order in which it announces them; silent so many times."""

    statements: list[Statement] = field(default_factory=list)
    silent: int = 0

    async def published(self, after: int = 0, limit: int = 100) -> tuple[StatementNotice, ...]:
        self._hear()
        notices = [
            StatementNotice(
                number, one.account.number, one.currency, one.sequence, one.closing.on,
                (StatementFormat.CAMT053,),
            )
            for number, one in enumerate(self.statements, start=1)
        ]  # fmt: skip
        return tuple(notices[after : after + limit])

    async def fetch(self, number: int, form: StatementFormat) -> StatementFile:
        self._hear()
        if not 0 < number <= len(self.statements) or form is not StatementFormat.CAMT053:
            raise UnknownStatement
        return StatementFile("s.xml", "application/xml", written(self.statements[number - 1]))

    def _hear(self) -> None:
        if self.silent:
            self.silent -= 1
            raise OutcomeUnknown("nobody answers")


class Readers:
    def __init__(self, client: Client, desk: Desk) -> None:
        self.client, self.desk = client, desk
        self.bank, self.source = ScriptedBank(), Announcer()
        self.books: StatementBooks = desk.books

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        engine = self.desk.engine
        funding = Funding({self.desk.bank: self.bank}, Operations(engine), str, Shown(engine))
        local = activities(funding, Bookkeeping(Book(engine)), Notices(ScriptedMerchant()))
        reading = Reconciliation({self.desk.bank: self.source}, self.books)
        local += reconciliation_activities(reading)
        stories, banking = workers(self.client, local, bank_activities(funding))
        async with stories, banking:
            yield

    async def look(self) -> list[str]:
        """A round; the days that it found."""
        found: list[str] = await self.client.execute_workflow(
            ReconciliationRound.run, id=f"round:{self.desk.bank}", task_queue=ESCROW_QUEUE
        )
        return found

    def day(self) -> "WorkflowHandle[object, Matched]":
        name = reconciliation_id(self.desk.bank, self.desk.currency, DAY)
        return self.client.get_workflow_handle(name, result_type=Matched)
