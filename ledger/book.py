"""Writing: a transition of a purchase, or a journal of its own, everything or nothing."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.accounts import CHART, Account, Journal
from domain.escrow import Escrow
from domain.events import PaymentMismatched, PaymentSucceeded
from domain.states import Party
from domain.terms import Terms
from ledger import statements
from ledger.errors import storing
from ledger.keys import account_id, event_id, journal_id
from ledger.port import LedgerConflict, Posting, Row, Stored, Transition
from ledger.statements import TRANSFER, TRANSITION

Parameters = dict[str, Any]

TERMS = TypeAdapter(Terms)
CREATED = "created"
BOOKS_A_PAYMENT = (PaymentSucceeded.name, PaymentMismatched.name)

RECORD = statements.record()
CREATE = statements.create()
POST = statements.post()
POST_SERIES = statements.post_series()
#: Columns of the accounts that a journal opens.
ACCOUNTS = ("id", "code", "guard", "owner")


class Book:
    """The port's `Book` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        # One statement is one transaction already; BEGIN and COMMIT would be two more round trips.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def record(self, transition: Transition) -> Stored | None:
        """As the port says. Raises LedgerConflict, InsufficientFunds."""
        said = record_parameters(transition)
        what = f"step {transition.sequence} of {transition.escrow_id}"
        async with self._engine.connect() as connection:
            with storing(what):
                moved = await connection.scalar(RECORD, said)
            if moved is not None:
                return None
            found = await _found(connection, transition.escrow_id, transition.sequence)
        if found is None:
            raise LedgerConflict(f"{what} is out of order")
        stored, fingerprint = found
        return None if fingerprint == said["new_hash"] else stored

    async def step(self, escrow_id: str, sequence: int) -> Stored | None:
        """As the port says."""
        async with self._engine.connect() as connection:
            found = await _found(connection, escrow_id, sequence)
        return found and found[0]

    async def booked(self, escrow_id: str, attempt: int) -> bool:
        """As the port says."""
        step = TRANSITION.c
        its = (step.escrow_id == escrow_id, step.detail["attempt"].as_integer() == attempt)
        async with self._engine.connect() as connection:
            found = await connection.scalar(
                select(exists().where(*its, step.name.in_(BOOKS_A_PAYMENT)))
            )
        return bool(found)

    async def post(self, posting: Posting) -> None:
        """As the port says. Raises LedgerConflict, InsufficientFunds."""
        async with self._engine.connect() as connection:
            await post(connection, posting)


async def post(connection: AsyncConnection, posting: Posting) -> None:
    """Store a journal once, uncommitted. Raises LedgerConflict, InsufficientFunds."""
    if not posting.legs:
        return
    said = posting_parameters(posting)
    what = f"{posting.name} ({posting.subject}, {posting.sequence})"
    with storing(what):
        posted = (await connection.execute(POST, said)).all()
    if not posted and await _legs(connection, said["new_journal_id"]) != _own_legs(said):
        raise LedgerConflict(f"{what}: the journal's id has other legs already")


async def post_series(connection: AsyncConnection, postings: Sequence[Posting]) -> None:
    """Store journals that differ in nothing but sequence and legs, uncommitted, in one statement.

    All of them must be new. Raises LedgerConflict, InsufficientFunds.
    """
    said = [posting_parameters(one) for one in postings if one.legs]
    if not said:
        return
    numbers = {"leg_journal_id": "new_journal_id", "leg_sequence": "new_sequence"}
    columns = [name for name in said[0] if name.startswith("leg_")]
    opened = {
        of: tuple(one)
        for each in said
        for of, *one in zip(*(each[f"account_{name}"] for name in ACCOUNTS), strict=True)
    }
    rest = zip(*opened.values(), strict=True)
    whole = (
        said[0]
        | {name: [leg for each in said for leg in each[name]] for name in columns}
        | {
            name: [each[of] for each in said for _ in each["leg_leg"]]
            for name, of in numbers.items()
        }
        | {"account_id": list(opened)}
        | {f"account_{name}": list(values) for name, values in zip(ACCOUNTS[1:], rest, strict=True)}
    )
    with storing(f"{postings[0].name} ({postings[0].subject})"):
        await connection.execute(POST_SERIES, whole)


async def open_escrow(connection: AsyncConnection, escrow: Escrow) -> None:
    """Store a purchase that was just opened: row, transition 1 and event 1, uncommitted."""
    terms = escrow.terms
    said = {
        "new_merchant_id": terms.merchant_id,
        "new_order_id": terms.order_id,
        "new_currency": terms.currency,
        "new_amount": terms.amount,
        "new_funding": terms.funding.value,
        "new_terms": TERMS.dump_python(terms, mode="json"),
        **_row(terms.escrow_id, escrow.sequence, Row.of(escrow)),
        **_events(terms.escrow_id, escrow.told, (CREATED,), terms.opened_at),
        **_step(escrow.sequence, CREATED, Party.MERCHANT, terms.opened_at, {}, ""),
    }
    await connection.execute(CREATE, said | {"new_hash": _fingerprint(said)})


def record_parameters(transition: Transition) -> Parameters:
    """What RECORD stores, and its fingerprint."""
    escrow_id, sequence, name = transition.escrow_id, transition.sequence, transition.name
    at = transition.at
    said = {
        **_row(escrow_id, sequence, transition.row),
        **_journal(escrow_id, sequence, name, at, transition.currency, transition.legs),
        **_events(escrow_id, transition.first_event, transition.tells, at),
        **_step(sequence, name, transition.by, at, transition.detail, transition.command),
    }
    return said | {"new_hash": _fingerprint(said)}


def posting_parameters(posting: Posting) -> Parameters:
    """What POST stores."""
    subject, sequence, name = posting.subject, posting.sequence, posting.name
    return _journal(subject, sequence, name, posting.at, posting.currency, posting.legs)


def _row(escrow_id: str, version: int, row: Row) -> Parameters:
    return {
        "new_id": escrow_id,
        "new_version": version,
        "deadline": row.deadline and _rfc3339(row.deadline),
        **{f"new_{name}": getattr(row, name) for name in statements.MOVING},
    }


def _journal(
    subject: str, sequence: int, name: str, at: datetime, currency: str, legs: Journal
) -> Parameters:
    ids: dict[Account, UUID] = {}
    for leg in legs:
        for account in (leg.debit, leg.credit):
            ids.setdefault(account, account_id(account, currency))
    return {
        "new_journal_id": journal_id(subject, sequence),
        "new_subject": subject,
        "new_sequence": sequence,
        "new_name": name,
        "new_currency": currency,
        "new_event_at": at,
        "account_id": list(ids.values()),
        "account_code": [account.code.value for account in ids],
        "account_guard": [CHART[account.code][2].value for account in ids],
        "account_owner": [account.owner for account in ids],
        "leg_leg": list(range(1, len(legs) + 1)),
        "leg_debit_account": [ids[leg.debit] for leg in legs],
        "leg_credit_account": [ids[leg.credit] for leg in legs],
        "leg_amount": [leg.amount for leg in legs],
    }


def _events(escrow_id: str, first: int, tells: tuple[str, ...], at: datetime) -> Parameters:
    numbers = list(range(first, first + len(tells)))
    return {
        "event_id": [event_id(escrow_id, number) for number in numbers],
        "event_sequence": numbers,
        "event_type": [f"escrow.{name}" for name in tells],
        "timestamp": _rfc3339(at),
    }


def _step(
    sequence: int, name: str, by: str, at: datetime, detail: Parameters, command: str
) -> Parameters:
    return {
        "new_sequence": sequence,
        "new_transition": sequence,
        "new_name": name,
        "new_by": by,
        "new_at": at,
        "new_detail": detail,
        "new_command": command,
    }


async def _found(
    connection: AsyncConnection, escrow_id: str, sequence: int
) -> tuple[Stored, bytes] | None:
    """The step that has this number, and its fingerprint."""
    step = TRANSITION.c
    query = select(step.name, step.by, step.at, step.detail, step.command, step.hash)
    row = (
        await connection.execute(
            query.where(step.escrow_id == escrow_id, step.sequence == sequence)
        )
    ).one_or_none()
    return row and (Stored(row.name, row.by, row.at, row.detail, row.command), row.hash)


Legs = list[tuple[int, UUID, UUID, int]]


async def _legs(connection: AsyncConnection, journal: UUID) -> Legs:
    leg = TRANSFER.c
    query = select(leg.leg, leg.debit_account, leg.credit_account, leg.amount)
    found = await connection.execute(query.where(leg.journal_id == journal).order_by(leg.leg))
    return [(row.leg, row.debit_account, row.credit_account, row.amount) for row in found]


def _own_legs(said: Parameters) -> Legs:
    columns = ("leg_leg", "leg_debit_account", "leg_credit_account", "leg_amount")
    return list(zip(*(said[name] for name in columns), strict=True))


def _fingerprint(said: Parameters) -> bytes:
    """SHA-256 of everything that a step stores."""
    text = json.dumps(said, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> str:
    return _rfc3339(value) if isinstance(value, datetime) else str(value)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
