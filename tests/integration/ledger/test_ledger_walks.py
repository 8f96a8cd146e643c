"""Whatever legal way a purchase takes, its row, its legs and its accounts agree at every step."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.terms import FeePolicy, Funding, HoldExpiry
from domain.transitions import RULES
from ledger.port import Row, Transition
from ledger.truths import breaches
from tests.builders import NOON, opened
from tests.integration.ledger.books import CURRENCY, Books
from tests.unit.domain.exploration import PRICE, tries

WALKS, LONGEST = 50, 25
SEEDS = [1, 2, 3]

Terms = dict[str, Any]
Walk = tuple[Terms, list[Moved[Escrow]]]


def walks(seed: int) -> list[Walk]:
    """Random legal walks that, together, put the rarest kinds of steps first."""
    chance = random.Random(seed)  # noqa: S311 - walks that can be taken again
    taken: Counter[str] = Counter()
    found = []
    for _ in range(WALKS):
        terms = agreed(chance)
        found.append((terms, list(walk(opened(**terms), chance, taken))))
    return found


def walk(escrow: Escrow, chance: random.Random, taken: Counter[str]) -> Iterator[Moved[Escrow]]:
    """It puts off the purchase's end where it can: after it only the bank's word is left."""
    at = NOON
    for _ in range(LONGEST):
        at += timedelta(hours=chance.randrange(30))
        possible = list(moves(escrow, at))
        going_on = [moved for moved in possible if not moved.escrow.ended]
        if going_on and chance.random() < 0.8:
            possible = going_on
        rarest = min(taken[moved.event.name] for moved in possible)
        moved = chance.choice([one for one in possible if taken[one.event.name] == rarest])
        yield moved
        taken[moved.event.name] += 1
        escrow = moved.escrow
        if escrow.settled:
            return


def moves(escrow: Escrow, at: datetime) -> Iterator[Moved[Escrow]]:
    for event in tries(escrow):
        try:
            yield escrow.after(event, at)
        except Refusal:
            continue


def agreed(chance: random.Random) -> Terms:
    return {
        "escrow_id": f"esc_{uuid.uuid4().hex}",
        "merchant_id": f"mer_{uuid.uuid4().hex}",
        "amount": PRICE,
        "fee": FeePolicy(bps=chance.choice([0, 3_000])),
        "reserve_bps": chance.choice([0, 5_000]),
        "funding": chance.choice(list(Funding)),
        "hold_expiry": chance.choice(list(HoldExpiry)),
    }


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_every_step_row_and_balances_are_the_domains(books: Books, seed: int) -> None:
    walked = await asyncio.gather(*(take(books, *one) for one in walks(seed)))
    async with books.engine.connect() as connection:
        assert [one for one in await breaches(connection) if one.subject in walked] == []


async def take(books: Books, terms: Terms, steps: list[Moved[Escrow]]) -> str:
    """Record the walk and look at the ledger after each step; returns the escrow's id."""
    escrow = await books.open(**terms)
    for moved in steps:
        escrow = moved.escrow
        assert await books.book.record(Transition.of(moved)) is None
        purchase = await books.reading.purchase(escrow.terms.escrow_id)
        assert purchase is not None
        assert (purchase.version, purchase.row) == (escrow.sequence, Row.of(escrow)), moved.event
        amounts = escrow.amounts
        expected = (amounts.held, amounts.disputed, amounts.authorised)
        assert await balances(books, escrow) == expected, moved.event
    assert await books.count("event", escrow.terms.escrow_id) == escrow.told
    return escrow.terms.escrow_id


async def balances(books: Books, escrow: Escrow) -> tuple[int, ...]:
    own = escrow.accounts
    accounts = (own.held, own.disputed, own.hold)
    return tuple([(await books.reading.balance(one, CURRENCY)).owed for one in accounts])


def test_the_walks_go_everywhere() -> None:
    """Together they take every kind of step there is, so the test above is no empty promise."""
    taken = {type(moved.event) for seed in SEEDS for _, steps in walks(seed) for moved in steps}
    assert taken == set(RULES)
