"""Whatever legal way a purchase takes, its row, its legs and its accounts agree at every step."""

import asyncio
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import Refusal
from domain.escrow import Escrow, Moved
from domain.terms import FeePolicy, Funding
from domain.transitions import RULES
from ledger.port import Row, Transition
from ledger.truths import breaches
from tests.builders import NOON, opened
from tests.integration.ledger.books import CURRENCY, Books
from tests.unit.domain.exploration import PRICE, tries

LONGEST = 40
SEEDS = range(80)


def walk(escrow: Escrow, chance: random.Random) -> Iterator[Moved[Escrow]]:
    """A random legal walk, that puts off the end of the purchase where it can."""
    at = NOON
    for _ in range(LONGEST):
        at += timedelta(hours=chance.randrange(30))
        possible = list(moves(escrow, at))
        if not possible:
            return
        going_on = [moved for moved in possible if not moved.escrow.ended]
        if going_on and chance.random() < 0.8:
            possible = going_on
        # A kind first: a bank has many ways to say no, and nobody would ever get past them.
        kind = chance.choice(sorted({moved.event.name for moved in possible}))
        moved = chance.choice([moved for moved in possible if moved.event.name == kind])
        yield moved
        escrow = moved.escrow


def moves(escrow: Escrow, at: datetime) -> Iterator[Moved[Escrow]]:
    for event in tries(escrow):
        try:
            yield escrow.after(event, at)
        except Refusal:
            continue


def agreed(chance: random.Random) -> dict[str, Any]:
    return {
        "amount": PRICE,
        "fee": FeePolicy(bps=chance.choice([0, 3_000])),
        "reserve_bps": chance.choice([0, 5_000]),
        "funding": chance.choice(list(Funding)),
    }


@pytest.mark.parametrize("seeds", [SEEDS[:20], SEEDS[20:40], SEEDS[40:60], SEEDS[60:]], ids=str)
async def test_after_every_step_row_and_balances_are_the_domains(
    books: Books, seeds: range
) -> None:
    walked = await asyncio.gather(*(walk_and_look(books, seed) for seed in seeds))
    async with books.engine.connect() as connection:
        assert [one for one in await breaches(connection) if one.subject in walked] == []


async def walk_and_look(books: Books, seed: int) -> str:
    """Take the walk of `seed` and look at the ledger after each step; returns the escrow's id."""
    chance = random.Random(seed)  # noqa: S311 - a walk that can be taken again
    escrow = await books.open(**agreed(chance))
    for moved in walk(escrow, chance):
        where = f"seed {seed}, {moved.event} at step {moved.escrow.sequence}"
        assert await books.book.record(Transition.of(moved)) is None, where
        escrow = moved.escrow
        purchase = await books.reading.purchase(escrow.terms.escrow_id)
        assert purchase is not None
        assert (purchase.version, purchase.row) == (escrow.sequence, Row.of(escrow)), where
        amounts = escrow.amounts
        expected = (amounts.held, amounts.disputed, amounts.authorised)
        assert await balances(books, escrow) == expected, where
    assert await books.count("event", escrow.terms.escrow_id) == escrow.told
    return escrow.terms.escrow_id


async def balances(books: Books, escrow: Escrow) -> tuple[int, ...]:
    own = escrow.accounts
    found = [
        await books.reading.balance(one, CURRENCY) for one in (own.held, own.disputed, own.hold)
    ]
    return tuple(balance.owed for balance in found)


def test_the_walks_go_everywhere() -> None:
    """Together they take every kind of step there is, so the test above is no empty promise."""
    taken = set()
    for seed in SEEDS:
        chance = random.Random(seed)  # noqa: S311
        taken |= {type(moved.event) for moved in walk(opened(**agreed(chance)), chance)}
    assert taken == set(RULES)
