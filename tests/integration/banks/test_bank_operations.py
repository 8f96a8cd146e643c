"""Our memory of what a bank was told, on the real database as the application's own role."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from banks.callbacks import Report
from banks.inbox import Inbox
from banks.operations import Operations, fingerprint
from banks.port import (
    AlreadyPaid,
    Begun,
    Closed,
    Declined,
    Deducted,
    Frozen,
    Operation,
    Order,
    OrderChanged,
    Payer,
    Pending,
    Redirect,
    Unheard,
)
from domain.terms import Funding


@pytest.fixture
def operations(engine: AsyncEngine) -> Operations:
    return Operations(engine)


@pytest.fixture
def order() -> Order:
    escrow = f"esc_{uuid4().hex}"
    return Order(
        bank="sandbox",
        operation=Operation.REFUND,
        reference=f"{escrow}:refund:1",
        escrow_id=escrow,
        merchant_id="mer_1",
        amount=10**12,
        currency="CNY",
        of=f"{escrow}:payment:1",
    )


async def row(engine: AsyncEngine, order: Order) -> tuple[str, object]:
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT state, answer FROM bank_operation WHERE reference = :reference"),
            {"reference": order.reference},
        )
        state, answer = found.one()
        return state, answer


async def test_the_first_to_begin_sends(operations: Operations, order: Order) -> None:
    assert await operations.begin(order) is Begun.NOW
    assert await operations.begin(order) is Begun.BEFORE


async def test_of_many_at_once_one_sends_blind(operations: Operations, order: Order) -> None:
    begun = await asyncio.gather(*(operations.begin(order) for _ in range(40)))
    assert begun.count(Begun.NOW) == 1
    assert begun.count(Begun.BEFORE) == 39


async def test_the_intent_is_stored_before_any_answer(
    operations: Operations, engine: AsyncEngine, order: Order
) -> None:
    await operations.begin(order)
    assert await row(engine, order) == ("sending", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"currency": "EUR"},
        {"of": "esc_other:payment:1"},
        {"operation": Operation.DEDUCT},
        {"merchant_id": "mer_2"},
        {"funding": Funding.FREEZE},
        {"payer": Payer("pyr_1")},
    ],
)
async def test_a_reference_is_of_one_order_only(
    operations: Operations, order: Order, changes: dict[str, object]
) -> None:
    await operations.begin(order)
    with pytest.raises(OrderChanged):
        await operations.begin(replace(order, **changes))  # type: ignore[arg-type]
    assert await operations.begin(order) is Begun.BEFORE


def test_an_order_without_a_payer_has_the_hash_that_it_always_had(order: Order) -> None:
    """Else what was under way when payers came would be refused as another order."""
    plain = replace(order, escrow_id="esc_1", reference="esc_1:refund:1", of="esc_1:payment:1")
    assert fingerprint(plain).hex() == (
        "811f92a6debca90dc037c1e349a825f6d7d94aec822ca3f0d255c0fd1eb5e880"
    )
    named = {fingerprint(replace(plain, payer=Payer("pyr_1", token))) for token in ("", "pm_1")}
    assert len(named | {fingerprint(plain)}) == 3


@pytest.mark.parametrize(
    ("hours", "begun"), [(22, Begun.BEFORE), (24, Begun.LONG_AGO), (24 * 40, Begun.LONG_AGO)]
)
async def test_what_a_bank_may_have_forgotten_is_long_ago(
    operations: Operations, owner_engine: AsyncEngine, order: Order, hours: int, begun: Begun
) -> None:
    await operations.begin(order)
    async with owner_engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE bank_operation SET created_at = now() - make_interval(hours => :hours)"
                " WHERE reference = :reference"
            ),
            {"hours": hours, "reference": order.reference},
        )
    assert await operations.begin(order) is begun


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Redirect("https://bank.invalid/1"), "pending"),
        (Pending(), "pending"),
        (AlreadyPaid(), "pending"),
        (Unheard(), "sending"),
        (Deducted(5), "yes"),
        (Frozen(5, datetime(2026, 11, 23, tzinfo=UTC)), "yes"),
        (Declined("risk"), "no"),
        (Closed(), "no"),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
async def test_every_answer_has_its_state(
    operations: Operations, engine: AsyncEngine, order: Order, answer: object, state: str
) -> None:
    await operations.begin(order)
    await operations.finish(order, answer)  # type: ignore[arg-type]
    assert (await row(engine, order))[0] == state


async def test_the_first_definitive_answer_stays(
    operations: Operations, engine: AsyncEngine, order: Order
) -> None:
    await operations.begin(order)
    for answer in (Pending(), Deducted(7), Declined("risk"), Pending(), Deducted(8)):
        await operations.finish(order, answer)
    assert await row(engine, order) == ("yes", {"kind": "deducted", "amount": 7})


async def test_a_reference_leads_back_to_its_purchase(operations: Operations, order: Order) -> None:
    await operations.begin(order)
    assert await operations.escrow_of(order.reference) == order.escrow_id
    assert await operations.escrow_of("esc_unknown:refund:1") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_operation SET amount = 1",
        "UPDATE bank_operation SET created_at = now()",
        "DELETE FROM bank_operation",
        "TRUNCATE bank_operation",
        "UPDATE bank_event SET body = ''",
        "DELETE FROM bank_event",
    ],
)
async def test_the_application_can_not_rewrite_what_was_said(
    engine: AsyncEngine, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_a_report_is_acted_on_until_that_is_done(engine: AsyncEngine) -> None:
    """A crash between keeping it and telling the purchase must not swallow it."""
    inbox, report = Inbox(engine), Report(f"bev_{uuid4().hex}", "esc_1:payment:1")
    assert await inbox.receive("sandbox", report, b"{}")
    assert await inbox.receive("sandbox", report, b"{}")
    await inbox.handled("sandbox", report)
    assert not await inbox.receive("sandbox", report, b"{}")
    assert await inbox.receive("another bank", report, b"{}")


async def test_a_report_that_comes_many_times_at_once_is_kept_once(
    engine: AsyncEngine, owner_engine: AsyncEngine
) -> None:
    inbox, report = Inbox(engine), Report(f"bev_{uuid4().hex}", "esc_1:payment:1")
    await asyncio.gather(*(inbox.receive("sandbox", report, b"{}") for _ in range(20)))
    async with owner_engine.connect() as connection:
        kept = await connection.scalar(
            text("SELECT count(*) FROM bank_event WHERE event_id = :id"), {"id": report.event_id}
        )
    assert kept == 1
