"""Choosing a bank, changing one's mind, and banks that say no, late or nothing."""

import asyncio
from datetime import timedelta

from banks.port import Declined, Deducted, Payer, Pending
from domain.states import Party
from tests.workflows.world import PRICE, World, eventually, refusal
from workflows.paying import MOST_UNDECIDED
from workflows.start import start_late_payment


async def test_the_buyer_is_sent_to_the_banks_page(world: World) -> None:
    trade = await world.open()
    page = await trade.pay()
    assert page.redirect_url.endswith(trade.reference("payment"))
    assert trade.stage == "paying"


async def test_the_bank_is_told_who_pays_at_that_attempt_only(world: World) -> None:
    trade = await world.open()
    who = Payer("pyr_1", "pm_1")
    await trade.pay(payer=who)
    await trade.pay("online_banking")
    told = [world.bank.payers[trade.reference("payment", attempt)] for attempt in (1, 2)]
    assert told == [who, None]


async def test_a_silent_bank_is_told_the_same_payer_again(world: World) -> None:
    """The first, quick try got no answer; the patient one says the same."""
    trade = await world.open()
    world.bank.silences["start", trade.reference("payment")] = 1
    await trade.pay(payer=Payer("pyr_1", remember=True))
    assert world.bank.times("start", trade.reference("payment")) == 2
    assert world.bank.payers[trade.reference("payment")] == Payer("pyr_1", remember=True)


async def test_a_method_that_the_bank_forgot_is_one_attempt_lost(world: World) -> None:
    trade = await world.open()
    world.bank.refusals[trade.reference("payment")] = Declined("unknown_method")
    assert (await trade.pay(payer=Payer("pyr_1", "pm_gone"))).declined == "unknown_method"
    assert trade.stage == "awaiting_payment"
    assert world.book.steps[trade.id][-1].row.declined == "unknown_method"
    await trade.pay()
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.reaches("awaiting_shipment")


async def test_a_report_is_believed_only_when_the_bank_confirms_it(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await trade.bank_reports()
    await eventually(lambda: world.bank.times("find", trade.reference("payment")) >= 1)
    assert trade.stage == "paying"


async def test_a_bank_that_declines_at_once_says_why_and_another_way_is_open(world: World) -> None:
    trade = await world.open()
    world.bank.refusals[trade.reference("payment")] = Declined("risk")
    assert (await trade.pay()).declined == "risk"
    assert trade.stage == "awaiting_payment"
    assert (await trade.pay("online_banking")).redirect_url.endswith(":payment:2")


async def test_a_declined_payment_can_be_tried_again_with_its_own_number(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await trade.bank_says(Declined("insufficient_funds"))
    await trade.reaches("awaiting_payment")
    assert world.book.steps[trade.id][-1].row.declined == "insufficient_funds"
    await trade.pay()
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.reaches("awaiting_shipment")


async def test_an_abandoned_page_never_traps_the_buyer(world: World) -> None:
    """Paying again closes the old attempt at the bank before a new one is opened."""
    trade = await world.open()
    await trade.pay()
    page = await trade.pay("online_banking")
    assert page.redirect_url.endswith(":payment:2")
    old = ("close", trade.reference("payment", 1))
    new = ("start", trade.reference("payment", 2))
    assert world.bank.calls.index(old) < world.bank.calls.index(new)


async def test_choosing_again_after_paying_finds_the_payment(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    assert await refusal(trade.pay()) == "paid_already"
    assert trade.stage == "awaiting_shipment"


async def test_choosing_again_while_the_bank_is_silent_changes_nothing(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    world.bank.silences["close", trade.reference("payment")] = 1
    before = list(trade.steps)
    assert await refusal(trade.pay()) == "bank_undecided"
    assert trade.steps == before
    assert (await trade.pay()).redirect_url.endswith(":payment:2")


async def test_choosing_again_is_answered_though_the_bank_does_not_say_how_much(
    world: World,
) -> None:
    """Paid, says the bank, and then nothing: the buyer hears that, instead of waiting for ever."""
    trade = await world.open()
    await trade.pay()
    reference = trade.reference("payment")
    world.bank.truths[reference] = Deducted(PRICE)
    world.bank.silences["find", reference] = 1
    assert await refusal(trade.pay()) == "bank_undecided"
    assert trade.steps == ["payment_started"]
    assert await refusal(trade.pay()) == "paid_already"


async def test_choosing_again_is_answered_though_the_bank_does_not_show_the_payment_yet(
    world: World,
) -> None:
    trade = await world.open()
    await trade.pay()
    reference = trade.reference("payment")
    world.bank.truths[reference] = Deducted(PRICE)
    world.bank.hidden[reference] = 1
    assert await refusal(trade.pay()) == "bank_undecided"
    assert await refusal(trade.pay()) == "paid_already"


async def test_two_choices_at_once_leave_one_attempt_open(world: World) -> None:
    trade = await world.open()
    pages = await asyncio.gather(trade.pay(), trade.pay("online_banking"), trade.pay())
    assert len({page.redirect_url for page in pages}) == 3
    attempts = [trade.reference("payment", n) for n in (1, 2, 3)]
    open_ones = [r for r in attempts if isinstance(world.bank.truths[r], Pending)]
    assert open_ones == attempts[-1:]


async def test_cancelling_before_payment_closes_the_purchase(world: World) -> None:
    trade = await world.open()
    await trade.cancel()
    assert (await trade.outcome()).stage == "closed"


async def test_cancelling_while_paying_closes_it_at_the_bank_first(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await trade.cancel()
    assert (await trade.outcome()).stage == "closed"
    assert world.bank.times("close", trade.reference("payment")) == 1


async def test_cancelling_after_the_bank_took_the_money_is_refused(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    assert await refusal(trade.cancel()) == "paid_already"
    assert trade.stage == "awaiting_shipment"


async def test_an_underpaid_purchase_is_not_paid_and_the_money_goes_back(world: World) -> None:
    trade = await world.open()
    await trade.pay()
    await trade.bank_says(Deducted(PRICE - 1))
    await eventually(lambda: "return_succeeded" in trade.steps)
    assert trade.stage == "awaiting_payment"
    assert world.bank.times("refund", trade.reference("refund")) == 1
    assert "paid" not in world.book.told(trade.id)


async def test_reports_sent_twice_and_late_change_nothing(world: World) -> None:
    trade = await world.paid()
    for _ in range(3):
        await trade.bank_reports()
    await trade.ship()
    await trade.bank_reports()
    assert trade.steps == ["payment_started", "payment_succeeded", "shipped"]
    assert world.bank.times("find", trade.reference("payment")) == 1


async def test_a_silent_bank_is_asked_by_itself(world: World) -> None:
    """No report ever comes: the purchase asks after three minutes."""
    trade = await world.open(skipping=True)
    await trade.pay()
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    await trade.fast_forward(timedelta(minutes=4))
    await trade.reaches("awaiting_shipment")


async def test_the_payment_window_closes_an_open_page_at_the_bank(world: World) -> None:
    trade = await world.open(skipping=True)
    await trade.pay()
    await trade.fast_forward(timedelta(minutes=31))
    assert (await trade.outcome()).stage == "closed"
    assert world.bank.times("close", trade.reference("payment")) >= 1


async def test_paid_in_the_last_second_is_paid(world: World) -> None:
    """The window ends, the bank says it was paid: the purchase goes on."""
    trade = await world.open(payment=timedelta(seconds=2))
    await trade.pay()
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    await trade.reaches("awaiting_shipment")


async def test_paid_after_the_end_is_given_back_by_itself(world: World) -> None:
    trade = await world.open(payment=timedelta(seconds=1))
    await trade.pay()
    assert (await trade.outcome()).stage == "closed"
    world.bank.truths[trade.reference("payment")] = Deducted(PRICE)
    for _ in range(2):
        await start_late_payment(world.client, trade.late())
        assert await trade.late_outcome() == "given_back"
    assert world.bank.times("refund", trade.reference("late_refund")) == 1
    assert (trade.reference("payment"), 1) in world.book.posted


async def test_an_old_attempt_that_is_paid_after_all_is_given_back(world: World) -> None:
    """The bank closed the first attempt, the buyer pays the second, then the first comes in."""
    trade = await world.open()
    await trade.pay()
    await trade.pay("online_banking")
    await trade.bank_says(Deducted(PRICE), attempt=2)
    await trade.bank_says(Deducted(PRICE), attempt=1)
    await eventually(lambda: (trade.reference("payment"), 1) in world.book.posted)
    assert await trade.late_outcome() == "given_back"
    assert trade.money()["held"] == PRICE


async def test_a_report_of_a_payment_that_never_was_comes_to_nothing(world: World) -> None:
    trade = await world.open(payment=timedelta(seconds=1))
    await trade.pay()
    await trade.outcome()
    await start_late_payment(world.client, trade.late())
    assert await trade.late_outcome() == "nothing_paid"


async def test_a_silent_bank_does_not_use_up_the_purchases_updates(world: World) -> None:
    """Else a merchant could leave room for its shipment and none for the buyer's complaint."""
    trade = await world.open()
    await trade.pay()
    world.bank.silences["close", trade.reference("payment")] = 2 * MOST_UNDECIDED
    for _ in range(MOST_UNDECIDED):
        assert await refusal(trade.cancel(Party.MERCHANT)) == "bank_undecided"
    assert await refusal(trade.cancel(Party.MERCHANT)) == "too_often"
    assert await refusal(trade.cancel(Party.BUYER)) == "bank_undecided"
    await trade.bank_says(Deducted(PRICE))
    await trade.reaches("awaiting_shipment")
    await trade.ship()
