"""kill -9 at every line that matters, of every part; afterwards the bank's own journal is right."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from temporalio.service import RPCError

from runtime.demo.payday import clear
from tests.chaos.books import the_books_agree
from tests.chaos.plan import shall_die
from tests.chaos.trade import PATIENCE, PRICE, Street

pytestmark = pytest.mark.usefixtures("revived")


@dataclass(frozen=True)
class Death:
    """Where the worker dies, in which kind of purchase, and what the bank must show afterwards."""

    point: str
    ending: str
    moved: dict[str, int]
    funding: str = "deduct"


RELEASED = {"deduct": 1}
REFUNDED = {"deduct": 1, "refund": 1}
CAPTURED = {"freeze": 1, "deduct": 1}
THAWED = {"freeze": 1, "unfreeze": 1}

#: Before the bank is called, after it has acted, after the activity has returned.
NAMED = (
    Death("move_money:before", "refunded", REFUNDED),
    Death("refund:effect", "refunded", REFUNDED),
    Death("move_money:after", "refunded", REFUNDED),
)
DEATHS = (
    Death("start_payment:before", "completed", RELEASED),
    Death("start_payment:effect", "completed", RELEASED),
    Death("find:effect", "completed", RELEASED),
    Death("deduct:effect", "completed", CAPTURED, "freeze"),
    Death("unfreeze:effect", "closed", THAWED, "freeze"),
    # The ledger has stored it and Temporal does not know.
    Death("record payment_started:after", "completed", RELEASED),
    Death("record payment_succeeded:after", "completed", RELEASED),
    Death("record shipped:before", "completed", RELEASED),
    Death("record shipped:after", "completed", RELEASED),
    Death("record receipt_confirmed:after", "completed", RELEASED),
    Death("record refund_granted:after", "refunded", REFUNDED),
    Death("record captured:after", "completed", CAPTURED, "freeze"),
    # The merchant has heard it and we have not noted that.
    Death("tell:after", "completed", RELEASED),
)


async def test_a_worker_killed_anywhere_charges_once_and_pays_out_once(street: Street) -> None:
    """All deaths at once: each purchase kills the worker once, at its own point."""
    before = len(street.deaths)
    seen = await asyncio.gather(*(live_through(street, death) for death in DEATHS))
    wrong = {
        f"{death.point} → {death.ending}": moved
        for death, moved in zip(DEATHS, seen, strict=True)
        if moved != Counter(death.moved)
    }
    assert not wrong
    unmet = forget_plans(street)
    # One purchase's death interrupts the others: now and then a step was past its point already.
    assert len(unmet) <= len(DEATHS) // 4, "too many workers never came to their death"
    assert len(street.deaths) > before
    await the_books_agree(street)


async def test_a_worker_killed_around_a_bank_call_moves_the_money_once(street: Street) -> None:
    """One death after the other, each of them certain: none comes before another's point."""
    before = len(street.deaths)
    lives: list[asyncio.Task[Counter[str]]] = []
    for death in NAMED:
        lives.append(asyncio.create_task(live_through(street, death)))
        before = await one_more_death(street, before)
    assert await asyncio.gather(*lives) == [Counter(death.moved) for death in NAMED]
    assert not forget_plans(street), "a worker never came to its death"
    await the_books_agree(street)


async def one_more_death(street: Street, before: int) -> int:
    async with asyncio.timeout(PATIENCE):
        while len(street.deaths) == before:  # noqa: ASYNC110 - what it looks at is a plain list
            await asyncio.sleep(0.2)
    return len(street.deaths)


def forget_plans(street: Street) -> list[Path]:
    """The deaths that never came."""
    unmet = list(street.plans.iterdir())
    for plan in unmet:
        plan.unlink()
    return unmet


async def live_through(street: Street, death: Death) -> Counter[str]:
    escrow = await street.order(funding=death.funding)
    shall_die(street.plans, escrow["id"], death.point)
    await street.pay(escrow)
    await street.until(escrow, "awaiting_shipment")
    if death.ending == "completed":
        await street.ship(escrow)
        await street.until(escrow, "awaiting_confirmation")
        await street.confirm(escrow)
    else:
        await street.refund(escrow)
    await street.until(escrow, death.ending)
    await street.workflow_ends(escrow)
    return await street.moved(escrow)


@pytest.mark.parametrize("moment", ["start:before", "start:after"])
async def test_an_api_killed_between_commit_and_start_loses_no_purchase(
    street: Street, moment: str
) -> None:
    shall_die(street.plans, "any-purchase", moment)
    escrow = await street.order()
    await street.pay(escrow)
    await street.until(escrow, "awaiting_shipment")
    assert await street.moved(escrow) == Counter(RELEASED)


async def test_what_nobody_retries_is_started_by_the_sweeper(street: Street) -> None:
    shall_die(street.plans, "any-purchase", "start:before")
    with contextlib.suppress(httpx2.TransportError):
        await street.shop.order_once("left-alone")
    escrow_id = await street.shop.find("left-alone")
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(RPCError):
                await street.temporal.get_workflow_handle(escrow_id).describe()
                break
            await asyncio.sleep(0.5)


@pytest.mark.parametrize("part", ["temporal", "postgres", "bank", "api", "worker"])
async def test_a_part_killed_in_the_middle_is_healed_from(street: Street, part: str) -> None:
    """Killed while one purchase is paid, one refunded and one confirmed."""
    paying = await street.order()
    refunding, confirming = await street.order(), await street.order()
    for escrow in (refunding, confirming):
        await street.pay(escrow)
        await street.until(escrow, "awaiting_shipment")
    await street.ship(confirming)
    street.stack.kill(part)
    await asyncio.gather(street.pay(paying), street.refund(refunding), street.confirm(confirming))
    await street.until(paying, "awaiting_shipment")
    await street.until(refunding, "refunded")
    await street.until(confirming, "completed")
    await street.workflow_ends(refunding)
    assert await street.moved(paying) == Counter(RELEASED)
    assert await street.moved(refunding) == Counter(REFUNDED)
    assert await street.moved(confirming) == Counter(RELEASED)
    await the_books_agree(street)


async def test_a_worker_killed_around_a_remittance_pays_the_merchant_once(street: Street) -> None:
    """At the bank's effect, and again between the ledger's commit and Temporal's knowing of it."""
    escrow = await street.order()
    await street.pay(escrow)
    await street.until(escrow, "awaiting_shipment")
    await street.ship(escrow)
    await street.until(escrow, "awaiting_confirmation")
    await street.confirm(escrow)
    await street.until(escrow, "completed")
    payout, before = await street.payday(), len(street.deaths)
    # Both at once: a worker may be up again and past the second before we have seen the first.
    shall_die(street.plans, f"payout:{payout}", "remit:effect", "move_payout:after")
    await clear(street.stack)
    paid = await street.paid(payout)
    assert paid["amount"] >= PRICE
    [remitted] = await street.journal(payout)
    assert (remitted["kind"], remitted["amount"]) == ("remit", paid["amount"])
    assert not forget_plans(street), "a worker never came to its death"
    assert len(street.deaths) >= before + 2
    await the_books_agree(street)
