"""A worker stored a step and died before Temporal knew: what is stored has happened."""

import asyncio
from datetime import UTC, datetime, timedelta

from banks.port import Declined, Deducted, Unfrozen
from domain import events
from domain.events import Event
from domain.states import Party
from domain.terms import Funding
from ledger.port import Transition
from tests.workflows.world import PATIENCE, PRICE, Trade, World, command, eventually, refusal
from workflows.commands import Cancel, Extend, Pay, Refund, RowMoved
from workflows.escrow import EscrowWorkflow

DAY = timedelta(days=1)


async def store(trade: Trade, event: Event, by_command: str = "") -> None:
    """Put `event` into the ledger behind the workflow's back, as a worker that dies does."""
    escrow = await trade.handle.query(EscrowWorkflow.state)
    steps = trade.world.book.steps[trade.id]
    for step in steps[escrow.sequence - 1 :]:
        escrow = escrow.after((await stored(trade, step.sequence)), step.at).escrow
    steps.append(Transition.of(escrow.after(event, datetime.now(UTC)), by_command))


async def knows(trade: Trade, sequence: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await trade.handle.query(EscrowWorkflow.state)).sequence < sequence:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def stored(trade: Trade, sequence: int) -> Event:
    step = await trade.world.book.step(trade.id, sequence)
    assert step is not None
    return step.event()


async def test_what_is_stored_decides_and_not_what_the_workflow_knew(world: World) -> None:
    trade = await world.shipped()
    await store(trade, events.RefundGranted(amount=PRICE))
    await trade.confirm()
    outcome = await trade.outcome()
    assert (outcome.released, outcome.refunded) == (0, PRICE)
    assert world.bank.times("refund", trade.reference("refund")) == 1
    assert trade.steps[-2:] == ["refund_granted", "return_succeeded"]


async def test_a_receipt_is_judged_by_what_the_buyer_saw(world: World) -> None:
    """The row says shipped, the workflow does not know yet: the receipt counts all the same."""
    trade = await world.paid()
    await store(trade, events.Shipped())
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert trade.steps[-2:] == ["shipped", "receipt_confirmed"]


async def test_a_command_that_comes_again_gets_the_answer_of_its_step(world: World) -> None:
    """Its first try was stored; meanwhile another command came first and ended the purchase."""
    trade = await world.paid()
    first_try = command()
    await store(trade, events.RefundGranted(amount=5), first_try)
    world.bank.silences["refund", trade.reference("refund")] = 1  # keeps the workflow open
    await trade.refund(PRICE - 5)
    again = await trade.handle.execute_update(EscrowWorkflow.refund, Refund(5), id=first_try)
    assert again.sequence == 4
    assert (await trade.outcome()).refunded == PRICE
    assert trade.steps.count("refund_granted") == 2


async def test_a_workflow_that_hears_of_the_row_catches_up(world: World) -> None:
    trade = await world.paid()
    await store(trade, events.Shipped())
    longer = Extend(Party.MERCHANT, DAY)
    update = command()
    refused = trade.handle.execute_update(EscrowWorkflow.extend, longer, id=update)
    assert await refusal(refused) == "wrong_stage"
    await trade.handle.signal(EscrowWorkflow.row_moved, RowMoved(version=4))
    # Both in one workflow task: the update would be judged before the ledger has answered.
    await knows(trade, 4)
    await trade.handle.execute_update(EscrowWorkflow.extend, longer, id=update)
    assert trade.steps[-2:] == ["shipped", "inspection_extended"]


async def test_a_payment_booked_before_a_worker_died_is_not_given_back(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await store(trade, events.PaymentSucceeded(attempt=1, amount=PRICE))
    await trade.handle.signal(EscrowWorkflow.row_moved, RowMoved(version=3))
    await trade.bank_says(Deducted(PRICE))
    await trade.ship()
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert not [call for call, _ in world.bank.calls_about(trade.id) if call == "refund"]


async def test_the_clock_closes_a_payment_that_it_did_not_know_of(world: World) -> None:
    """The window ends, and the ledger knows of a payment: the bank is told to close it first."""
    trade = await world.open(payment=timedelta(seconds=2))
    await store(trade, events.PaymentStarted(bank="sandbox", method="card"))
    assert (await trade.outcome()).stage == "closed"
    assert trade.steps == ["payment_started", "payment_declined", "payment_lapsed"]
    assert world.bank.times("close", trade.reference("payment")) == 1


async def test_a_silent_bank_refuses_nothing_that_is_done(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    cancelled = command()
    await store(trade, events.PaymentDeclined(attempt=1, code="closed"))
    await store(trade, events.Cancelled(by=Party.BUYER), cancelled)
    world.bank.silences["close", trade.reference("payment")] = 1
    answer = await trade.handle.execute_update(
        EscrowWorkflow.cancel, Cancel(Party.BUYER), id=cancelled
    )
    assert answer.status == "closed"
    assert trade.steps == ["payment_started", "payment_declined", "cancelled"]


async def test_a_payment_found_undone_was_not_paid(world: World) -> None:
    """Somebody has given the freeze back already: nothing to book, and nothing gets stuck."""
    trade = await world.open()
    await trade.pay()
    await trade.bank_says(Unfrozen())
    await trade.reaches("awaiting_payment")
    assert world.book.steps[trade.id][-1].row.declined == "given_back"
    assert (await trade.pay()).redirect_url.endswith(":payment:2")
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.reaches("awaiting_shipment")


async def test_a_report_that_came_before_its_attempt_was_left_is_heard_out(world: World) -> None:
    """The bank said closed and took the money all the same, and tells what a little late."""
    trade = await world.open()
    await trade.pay()
    world.bank.afterwards[trade.reference("payment")] = Deducted(PRICE)
    await trade.bank_reports(attempt=1)
    # Once for the report itself; then it is asked until it decides, some seconds from now.
    await eventually(lambda: world.bank.times("find", trade.reference("payment")) >= 2)
    await trade.pay()
    await eventually(lambda: world.bank.times("refund", trade.reference("late_refund")) == 1)
    assert await trade.late_outcome() == "given_back"
    await trade.cancel()
    assert (await trade.outcome()).stage == "closed"


async def test_the_clock_follows_a_refund_that_it_did_not_know_of(world: World) -> None:
    trade = await world.shipped(skipping=True)
    await store(trade, events.RefundGranted(amount=PRICE))
    await trade.fast_forward(11 * DAY)
    outcome = await trade.outcome()
    assert (outcome.released, outcome.refunded) == (0, PRICE)
    assert trade.steps[-2:] == ["refund_granted", "return_succeeded"]


async def test_the_clock_releases_nothing_before_an_extension_that_it_did_not_know_of(
    world: World,
) -> None:
    trade = await world.shipped(skipping=True)
    await store(trade, events.InspectionExtended(extension=3 * DAY, by=Party.BUYER))
    await trade.fast_forward(11 * DAY)
    assert (trade.stage, trade.money()["held"]) == ("awaiting_confirmation", PRICE)
    assert "inspection_extended" in trade.steps
    await trade.fast_forward(3 * DAY)
    assert (await trade.outcome()).released == PRICE


async def test_a_payment_found_in_the_ledger_by_another_step_is_no_late_one(world: World) -> None:
    """The first attempt's refund ends after the restart, and with it the second is followed."""
    trade = await world.open()
    await trade.pay()
    gate = world.bank.slow[trade.reference("refund")] = asyncio.Event()
    await trade.bank_says(Deducted(PRICE - 45))
    await eventually(lambda: "payment_mismatched" in trade.steps)
    await trade.pay()
    await store(trade, events.PaymentSucceeded(attempt=2, amount=PRICE))
    gate.set()
    await eventually(lambda: "return_succeeded" in trade.steps)
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.ship()
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    refunds = [said for said in world.bank.calls_about(trade.id) if said[0] == "refund"]
    assert refunds == [("refund", trade.reference("refund"))]


async def test_an_earlier_deductions_refusal_says_nothing_of_the_one_under_way(
    world: World,
) -> None:
    """The ledger is three steps ahead: refused, and shipped again; both are asked about."""
    trade = await world.paid(funding=Funding.FREEZE)
    first, second = (trade.reference("deduct", number) for number in (1, 2))
    world.bank.refusals[first] = Declined("limit_exceeded")
    gate = world.bank.slow[second] = asyncio.Event()
    await store(trade, events.Shipped())
    await store(trade, events.CaptureRefused(code="limit_exceeded"))
    await store(trade, events.Shipped())
    await trade.handle.signal(EscrowWorkflow.row_moved, RowMoved(version=6))
    await eventually(lambda: world.bank.times("deduct", first) == 1)
    await eventually(lambda: world.bank.times("deduct", second) == 1)
    await asyncio.sleep(1)
    gate.set()
    await trade.reaches("awaiting_confirmation")
    assert trade.steps.count("capture_refused") == 1


async def test_a_page_that_the_bank_may_have_forgotten_is_not_opened_again(world: World) -> None:
    """The buyer's request comes again a day later: a second page could be paid, too."""
    trade = await world.open()
    first_try = command()
    await store(trade, events.PaymentStarted(bank="sandbox", method="card"), first_try)
    world.operations.long_ago.add(trade.reference("payment"))
    pay = Pay("sandbox", "card", None)
    again = trade.handle.execute_update(EscrowWorkflow.pay, pay, id=first_try)
    assert await refusal(again) == "bank_undecided"
    assert world.bank.times("start", trade.reference("payment")) == 0
    assert (await trade.pay()).redirect_url.endswith(":payment:2")


async def test_a_payment_that_only_the_ledger_knows_is_no_late_one(world: World) -> None:
    """A workflow that was reset hears that an attempt is paid of which it does not know."""
    trade = await world.open()
    await store(trade, events.PaymentStarted(bank="sandbox", method="card"))
    await trade.bank_says(Deducted(PRICE))
    await trade.reaches("awaiting_shipment")
    await trade.ship()
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert world.bank.times("refund", trade.reference("late_refund")) == 0
