"""A bank and our side of it, in a test's words: what was done, and what its statements say."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from banks.files import camt053_writing
from banks.files.statements import Balance, Entry, Movement, Statement
from banks.files.values import Account as BankAccount
from banks.files.values import Reason, Side
from domain.accounts import PAYOUT_IN_TRANSIT, REFUND_IN_TRANSIT, Account, Code, Leg
from ledger.book import Book
from ledger.port import Posting
from reconciliation.port import Due, Taken, Tell
from reconciliation.statements import StatementBooks

DAY = date(2026, 3, 2)
NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
_OPERATION = text(
    "INSERT INTO bank_operation (reference, bank, operation, escrow_id, merchant_id, amount,"
    " currency, of, state, request_hash, answer, created_at, updated_at) VALUES (:reference, :bank,"
    " :operation, :subject, 'mer', :amount, :currency, '', :state, '', CAST(:answer AS jsonb),"
    " :at, :at)"
)


def entry(reference: str, signed: int, charges: int = 0, returned: str = "") -> Entry:
    """One booking; `signed` is what was booked, the bank's charges included."""
    side = Side.of(signed)
    reason = Reason(returned) if returned else None
    name = uuid.uuid4().hex[:20]
    movement = Movement(abs(signed), side, reference, name, charges, reason)
    return Entry(abs(signed), side, DAY, DAY, (movement,), name)


@dataclass(slots=True)
class Desk:
    """One custody account at a bank of its own."""

    engine: AsyncEngine
    bank: str = field(default_factory=lambda: f"bank-{uuid.uuid4().hex[:10]}")
    currency: str = "EUR"
    sequence: int = 0
    balance: int = 0
    now: datetime = NIGHT

    @property
    def books(self) -> StatementBooks:
        return StatementBooks(self.engine)

    async def did(
        self, operation: str, amount: int, *, state: str = "yes", ago: float = 3600, **said: Any
    ) -> str:
        """The reference of something that the bank was told; our books have it when it said yes."""
        subject = said.get("subject", f"esc_{uuid.uuid4().hex}")
        reference = str(said.get("reference", f"{subject}:{operation}:1"))
        kind = {"payment": "deducted", "deduct": "deducted", "refund": "refunded"}.get(operation)
        answer = said.get("answer", {"kind": kind, "amount": amount} if kind else {"kind": "x"})
        row = {
            "reference": reference,
            "bank": self.bank,
            "operation": operation,
            "subject": subject,
            "amount": amount,
            "currency": self.currency,
            "state": state,
            "answer": None if state == "sending" else json.dumps(answer),
            "at": self.now - timedelta(seconds=ago),
        }
        async with self.engine.begin() as connection:
            await connection.execute(_OPERATION, row)
        if state == "yes":
            await self.booked(operation, subject, amount)
        return reference

    async def answered(self, reference: str, state: str, answer: dict[str, Any]) -> None:
        """What the bank says of it now; the books are left as they are."""
        query = text(
            "UPDATE bank_operation SET state = :state, answer = CAST(:answer AS jsonb),"
            " updated_at = :at WHERE reference = :reference"
        )
        said = {"reference": reference, "state": state, "answer": json.dumps(answer)}
        async with self.engine.begin() as connection:
            await connection.execute(query, said | {"at": self.now})

    async def booked(self, operation: str, subject: str, amount: int) -> None:
        clearing, held = Account(Code.BANK_CLEARING, self.bank), Account(Code.ESCROW, subject)
        payable = Account(Code.MERCHANT_PAYABLE, subject)
        legs = {
            "payment": (Leg(clearing, held, amount),),
            "deduct": (Leg(clearing, held, amount),),
            "refund": (Leg(clearing, held, amount), Leg(held, REFUND_IN_TRANSIT, amount)),
            "remit": (Leg(clearing, payable, amount), Leg(payable, PAYOUT_IN_TRANSIT, amount)),
        }[operation]
        await Book(self.engine).post(Posting(subject, 1, "test", self.now, self.currency, legs))

    def statement(self, *entries: Entry, **changed: Any) -> Statement:
        """The next one."""
        whole = Statement(
            f"{self.bank}-{self.sequence + 1}",
            self.sequence + 1,
            self.now,
            BankAccount(self.bank),
            self.currency,
            Balance(self.balance, DAY),
            Balance(self.balance + sum(one.signed for one in entries), DAY),
            entries,
        )
        return replace(whole, **changed)

    def due(self, **changed: Any) -> Due:
        number = self.sequence + 1
        day = DAY + timedelta(days=self.sequence)
        due = Due(self.bank, number, self.bank, self.currency, number, day)
        return replace(due, **changed)

    async def take_in(self, statement: Statement, due: Due | None = None) -> Taken:
        content = written(statement)
        return await self.books.take_in(due or self.due(), content)

    async def read(self, *entries: Entry, most: int = 3) -> list[Tell]:
        """Take in a day's statement and judge it to its end; who was told."""
        statement = self.statement(*entries)
        taken = await self.take_in(statement)
        self.sequence += 1
        self.balance = statement.closing.amount
        self.now += timedelta(days=1)
        tells: list[Tell] = []
        while (page := await self.books.match(taken.file_id, most)).upto:
            tells += page.tells
        tells += (await self.books.find_missing(taken.file_id)).tells
        await self.books.finish(taken.file_id)
        return tells

    async def breaks(self, *, closed: bool = False) -> list[tuple[str, str, int, int]]:
        """(kind, reference, ours, theirs) of those that are open."""
        query = text(
            "SELECT kind, reference, ours, theirs FROM reconciliation_break WHERE bank = :bank"
            " AND (closed_at IS NOT NULL) = :closed ORDER BY opened_at, number, reference"
        )
        async with self.engine.connect() as connection:
            rows = await connection.execute(query, {"bank": self.bank, "closed": closed})
            return [(row.kind, row.reference, row.ours, row.theirs) for row in rows]

    async def matches(self) -> list[tuple[str, str, str]]:
        query = text(
            "SELECT reference, way, rule FROM statement_match JOIN statement_file"
            " ON statement_file.id = file_id WHERE bank = :bank ORDER BY matched_at, number"
        )
        async with self.engine.connect() as connection:
            rows = await connection.execute(query, {"bank": self.bank})
            return [(row.reference, row.way, row.rule) for row in rows]

    async def legs(self) -> list[tuple[int, int, int]]:
        """What the statements posted: debit, credit, amount."""
        query = text(
            "SELECT debit.code AS debit, credit.code AS credit, amount FROM transfer"
            " JOIN account AS debit ON debit.id = debit_account"
            " JOIN account AS credit ON credit.id = credit_account"
            " JOIN statement_file ON statement_file.id = subject"
            " WHERE bank = :bank ORDER BY statement_file.sequence, transfer.sequence, leg"
        )
        async with self.engine.connect() as connection:
            rows = await connection.execute(query, {"bank": self.bank})
            return [(row.debit, row.credit, row.amount) for row in rows]

    async def standing(self, code: Code) -> int:
        """Debits less credits of the bank's account of this code."""
        query = text(
            "SELECT coalesce(sum(debits - credits), 0) FROM account_balance"
            " WHERE code = :code AND owner = :bank"
        )
        async with self.engine.connect() as connection:
            said = {"code": code.value, "bank": self.bank}
            return int(await connection.scalar(query, said) or 0)


def written(statement: Statement) -> bytes:
    statements: Sequence[Statement] = (statement,)
    return camt053_writing.write(
        statement.id, statement.created_at, tuple(statements), may_be_empty=True
    )
