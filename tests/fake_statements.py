"""How the fake bank closes its days: as the sandbox bank does, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from banks.files.bill_cells import CURRENCY as YUAN
from banks.files.statements import Entry, Statement
from banks.port import StatementFile, StatementFormat, StatementNotice, UnknownStatement
from banks.sandbox.magic import FEE, Call, Kind
from banks.sandbox.statements import (
    ACCOUNT,
    Line,
    entries_of,
    files_of,
    statement_of,
)
from tests.fake_faults import Faults, after, seconds
from tests.fake_remitter import Book


@dataclass
class Delivery:
    statement: Statement
    notice: StatementNotice
    #: None: with the next of its account.
    due_at: datetime | None


class FakeStatements:
    """`lines` are all of the custody accounts so far, in order."""

    def __init__(
        self,
        faults: Faults,
        now: Callable[[], datetime],
        lines: Callable[[], list[Line]],
        book: Book,
    ) -> None:
        self._faults, self._now, self._lines, self._book = faults, now, lines, book
        self.today = now().date()
        self._stated: set[int] = set()
        self._postponed: set[int] = set()
        self._last: dict[str, Statement] = {}
        self._held: list[Delivery] = []
        self._shown: list[Delivery] = []

    async def published(self, after: int = 0, limit: int = 100) -> tuple[StatementNotice, ...]:
        self._fault(ACCOUNT)
        self._show()
        return tuple(one.notice for one in self._shown[after : after + limit])

    async def fetch(self, number: int, form: StatementFormat) -> StatementFile:
        self._fault(f"{ACCOUNT}:{number}:{form}")
        self._show()
        for one in self._shown[number - 1 : number]:
            for file in files_of(one.statement):
                if file.format == form:
                    return StatementFile(file.name, file.media_type, file.data)
        raise UnknownStatement(f"{number} as {form}")

    def close(self) -> None:
        """End the day that is open: what is booked from now on is of the next."""
        entries: dict[str, list[Entry]] = {currency: [] for currency in (YUAN, *self._last)}
        for line in self._lines():
            if line.id not in self._stated:
                self._stated.add(line.id)
                entries.setdefault(line.currency, []).extend(self._entries(line))
        for currency, booked in sorted(entries.items()):
            last = self._last.get(currency)
            sequence, opening = (last.sequence + 1, last.closing.amount) if last else (1, 0)
            new = statement_of(currency, sequence, self.today, opening, booked, self._now())
            self._last[currency] = new
            self._deliver(new)
        self.today += timedelta(days=1)

    def _entries(self, line: Line) -> list[Entry]:
        met = self._faults.met(Call.LINE, line.reference, line.amount)
        if Kind.LATE in met and line.id not in self._postponed:
            self._postponed.add(line.id)
            self._stated.remove(line.id)
            return []
        shown = list(entries_of(line, self.today, met))
        if Kind.FEE in met:
            self._book("fee", line.reference, "custody", "vault", FEE, line.currency)
            fee = self._lines()[-1]
            self._stated.add(fee.id)
            shown += entries_of(fee, self.today, ())
        return shown

    def _deliver(self, new: Statement) -> None:
        name = new.account.number
        met = self._faults.met(Call.STATEMENT, f"{name}:{new.sequence}", 0)
        before = [one for one in self._held if one.due_at is None and one.notice.account == name]
        forms = tuple(StatementFormat(file.format) for file in files_of(new))
        notice = StatementNotice(0, name, new.currency, new.sequence, self.today, forms)
        if Kind.NEVER not in met:
            for _ in range(2 if Kind.TWICE in met else 1):
                due = None if Kind.REORDERED in met else self._now() + seconds(met, Kind.LATE)
                self._held.append(Delivery(new, notice, due))
        self._show()
        for one in before:
            one.due_at = self._now()
        self._show()

    def _show(self) -> None:
        """Number what is due, in its turn."""
        for one in list(self._held):
            if one.due_at and one.due_at <= self._now():
                self._held.remove(one)
                one.notice = replace(one.notice, number=len(self._shown) + 1)
                self._shown.append(one)

    def _fault(self, reference: str) -> None:
        after(self._faults.before(Call.STATEMENTS, reference, 0))
