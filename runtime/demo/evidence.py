"""What one purchase left behind at each party, and whether all of them agree."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from runtime.demo.payday import Payday
from runtime.demo.shop import Escrow
from runtime.stack import Stack
from runtime.temporal import connect

#: What a merchant hears of a purchase that goes well.
NOTICES = ["escrow.paid", "escrow.shipped", "escrow.confirmed", "escrow.released"]
#: And of the payout that pays it.
OF_PAYOUT = ["payout.sent", "payout.settled"]

STAGES = """
    SELECT name, at FROM transition WHERE escrow_id = :escrow_id ORDER BY sequence
"""
LEGS = """
    SELECT t.name AS step, d.code AS debit, c.code AS credit, t.currency, t.amount
    FROM transfer t
    JOIN account d ON d.id = t.debit_account
    JOIN account c ON c.id = t.credit_account
    WHERE t.subject = :escrow_id
    ORDER BY t.sequence, t.leg
"""
#: What is left on the purchase's own accounts.
LEFT = """
    SELECT coalesce(sum(credits - debits), 0) FROM account WHERE owner = :escrow_id
"""
#: Whom the bank's own books owe what it has taken for us.
CUSTODY = "custody"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Amounts are minor units, times RFC 3339 in UTC."""

    escrow_id: str
    workflow_id: str
    status: str
    amount: int
    released: int
    workflow_status: str
    stages: list[dict[str, str]]
    history_events: int
    history_bytes: int
    workflow_tasks: int
    ledger_legs: list[dict[str, Any]]
    ledger_left: int
    bank_journal: list[dict[str, Any]]
    payout: dict[str, Any]
    payout_lines: list[int]
    #: The bank's statement with both in it, and what of it is not explained.
    statement: dict[str, Any]
    notices: list[str]
    forged_notices: int

    def as_json(self) -> dict[str, Any]:
        return {"ok": not self.problems(), "problems": self.problems(), **asdict(self)}

    def problems(self) -> list[str]:
        """Everything that is not as it should be after a purchase that went well."""
        checks = {
            f"the purchase is {self.status}, not completed": self.status == "completed",
            f"{self.released} of {self.amount} was released": self.released == self.amount,
            f"the workflow is {self.workflow_status}": self.workflow_status == "COMPLETED",
            f"{self.ledger_left} is left on the purchase's accounts": self.ledger_left == 0,
            f"the merchant heard {self.notices}": self.notices[-6:] == [*NOTICES, *OF_PAYOUT],
            f"the payout is {self.payout['status']}": self.payout["status"] == "settled",
            f"{self.payout['amount']} of {self.released} was paid out,"
            f" its lines are {self.payout_lines}": self.payout["amount"]
            == sum(self.payout_lines)
            == self.released,
            f"{self.forged_notices} notices had a wrong signature": self.forged_notices == 0,
            f"the bank took {self.taken()}, not once {self.amount}": self.taken() == [self.amount],
            f"the bank's statement is {self.statement}": self.statement["reconciled"]
            and self.statement["closing"] == self.amount - self.released
            and (self.statement["lines"], self.statement["breaks"]) == (2, []),
            f"the bank paid {self.paid_out()}, not once {self.released}": self.paid_out()
            == [self.released],
        }
        return [problem for problem, fine in checks.items() if not fine]

    def taken(self) -> list[int]:
        """Every amount that came into our custody, by the bank's own journal."""
        return [entry["amount"] for entry in self.bank_journal if entry["credit"] == CUSTODY]

    def paid_out(self) -> list[int]:
        """Every amount that left it again: back to the buyer, or on to the merchant."""
        return [entry["amount"] for entry in self.bank_journal if entry["debit"] == CUSTODY]


async def collect(
    stack: Stack,
    escrow: Escrow,
    payday: Payday,
    day: dict[str, Any],
    notices: list[str],
    forged: int,
) -> Evidence:
    """Ask the ledger, Temporal and the bank about a finished purchase."""
    escrow_id = escrow["id"]
    client = await connect("demo", address=stack.at.temporal_address)
    handle = client.get_workflow_handle(escrow_id)
    history = [event async for event in handle.fetch_history_events()]
    described = await handle.describe()
    tasks = [e for e in history if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    [[left]] = [row.values() for row in await rows(stack.at.app_url, LEFT, escrow_id)]
    return Evidence(
        escrow_id=escrow_id,
        workflow_id=handle.id,
        status=escrow["status"],
        amount=escrow["amount"],
        released=escrow["released"],
        workflow_status=WorkflowExecutionStatus(described.status or 0).name,
        stages=await rows(stack.at.app_url, STAGES, escrow_id),
        history_events=len(history),
        history_bytes=sum(event.ByteSize() for event in history),
        workflow_tasks=len(tasks),
        ledger_legs=await rows(stack.at.app_url, LEGS, escrow_id),
        ledger_left=int(left),
        bank_journal=[
            *await bank_journal(stack, escrow_id),
            *await bank_journal(stack, payday.payout["id"]),
        ],
        payout=payday.payout,
        payout_lines=payday.lines,
        statement=day,
        notices=notices,
        forged_notices=forged,
    )


async def bank_journal(stack: Stack, subject: str) -> list[dict[str, Any]]:
    """The bank's own books about a purchase or payout: what we were told is not evidence."""
    async with httpx2.AsyncClient(base_url=stack.at.bank_url, trust_env=False) as client:
        answer = await client.get(
            "/v1/journal",
            params={"prefix": f"{subject}:"},
            headers={"authorization": f"Bearer {stack.secrets.bank_api_key}"},
        )
    entries: list[dict[str, Any]] = answer.raise_for_status().json()["entries"]
    return entries


async def rows(url: str, query: str, escrow_id: str) -> list[dict[str, Any]]:
    """The answer as JSON would have it."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text(query), {"escrow_id": escrow_id})
            return [
                {name: _plain(value) for name, value in row.items()} for row in found.mappings()
            ]
    finally:
        await engine.dispose()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int | str | None) else str(value)
