"""Money that came too late goes straight back, and never a purchase's own money."""

from datetime import timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata

from banks.port import Declined, Deducted, Pending, Refunded
from domain.terms import Funding
from tests.workflows.world import PRICE, Trade, World, eventually, found_as, until_found_as
from workflows.late import LatePayment
from workflows.start import start_late_payment

HOUR = timedelta(hours=1)


async def closed(world: World) -> Trade:
    """A purchase that was called off while the buyer stood at the bank's page."""
    trade = await world.open()
    await trade.pay()
    await trade.cancel()
    await trade.outcome()
    return trade


async def paid_late(world: World, trade: Trade) -> None:
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    await start_late_payment(world.client, trade.late())


async def test_a_purchases_own_payment_is_never_given_back(world: World) -> None:
    """Whoever reported it knew too little: the ledger has it as paid."""
    trade = await world.shipped()
    await start_late_payment(world.client, trade.late())
    assert await trade.late_outcome() == "booked"
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert not [call for call, _ in world.bank.calls_about(trade.id) if call == "refund"]
    assert not [subject for subject, _ in world.book.posted if subject.startswith(trade.id)]


async def test_an_underpayment_is_given_back_once_by_its_purchase(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await trade.bank_says(Deducted(PRICE - 1))
    await eventually(lambda: "return_succeeded" in trade.steps)
    await start_late_payment(world.client, trade.late())
    assert await trade.late_outcome() == "booked"
    assert [call for call, _ in world.bank.calls_about(trade.id) if call == "refund"] == ["refund"]
    await trade.cancel()


async def test_a_refused_refund_waits_for_a_person_and_is_found_by_one(world: World) -> None:
    trade = await closed(world)
    world.bank.refusals[trade.reference("late_refund")] = Declined("account_closed")
    await paid_late(world, trade)
    await eventually(lambda: (trade.reference("payment"), 2) in world.book.posted)
    late = trade.late_handle
    await until_found_as(trade.late_handle, "review")
    said = await late.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "account_closed" in said.current_details
    await late.signal(LatePayment.settled_by_hand)
    assert await trade.late_outcome() == "refused"


async def test_a_bank_that_gives_back_another_amount_is_looked_at(world: World) -> None:
    trade = await closed(world)
    world.bank.truths[trade.reference("late_refund")] = Refunded(1)
    world.operations.begun.add(trade.reference("late_refund"))
    await paid_late(world, trade)
    await until_found_as(trade.late_handle, "review")
    await trade.late_handle.signal(LatePayment.settled_by_hand)
    assert await trade.late_outcome() == "refused"


async def test_a_late_payment_goes_back_through_the_bank_it_came_from(world: World) -> None:
    """The buyer has changed to another bank meanwhile, and paid there."""
    trade = await world.open()
    await trade.pay()
    await trade.pay(bank="other")
    reference = trade.reference("payment", 2)
    world.other.truths[reference] = Deducted(PRICE)
    await trade.bank_reports(2)
    await trade.reaches("awaiting_shipment")
    await trade.bank_says(Deducted(PRICE), attempt=1)
    await eventually(lambda: (trade.reference("payment"), 1) in world.book.posted)
    assert await trade.late_outcome() == "given_back"
    assert world.bank.times("refund", trade.reference("late_refund")) == 1
    assert not world.other.times("refund", trade.reference("late_refund"))
    await trade.refund()
    assert (await trade.outcome()).refunded == PRICE
    assert world.other.times("refund", trade.reference("refund")) == 1


async def test_a_cancelled_purchase_hears_out_a_bank_that_had_something_to_say(
    world: World,
) -> None:
    """The bank has reported, says closed, and took the money: no other report will come."""
    trade = await world.open()
    await trade.pay()
    world.bank.afterwards[trade.reference("payment")] = Deducted(PRICE)
    await trade.bank_reports()
    # Once for the report itself; then it is asked until it decides, some seconds from now.
    await eventually(lambda: world.bank.times("find", trade.reference("payment")) >= 2)
    await trade.cancel()
    assert (await trade.outcome()).stage == "closed"
    assert await trade.late_outcome() == "given_back"


async def test_a_person_hears_of_a_bank_that_does_not_decide(world: World) -> None:
    trade = await world.open(funding=Funding.FREEZE)
    await trade.pay()
    await trade.cancel()
    world.bank.truths[trade.reference("payment")] = Pending()
    await start_late_payment(world.skipper.client, trade.late())
    late = trade.late_handle
    for _ in range(12):
        await world.skipper.fast_forward(late, HOUR)
        if await found_as(late) == "review":
            break
    assert await found_as(late) == "review"
    world.bank.truths[trade.reference("payment")] = Declined("cancelled")
    await world.skipper.fast_forward(late, 2 * HOUR)
    assert await trade.late_outcome() == "nothing_paid"
