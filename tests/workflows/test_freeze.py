"""Freeze mode: the issuer holds the money until shipment; only then is it deducted."""

from datetime import UTC, datetime, timedelta

import pytest

from banks.port import Declined, Frozen
from domain.terms import Funding, HoldExpiry
from tests.workflows.world import PRICE, Trade, World, eventually, refusal


@pytest.fixture
async def frozen(world: World) -> Trade:
    return await world.paid(funding=Funding.FREEZE)


async def test_shipping_deducts_and_the_merchant_is_told_once_it_is_done(
    world: World, frozen: Trade
) -> None:
    assert (await frozen.ship()).status == "awaiting_shipment"
    await frozen.reaches("awaiting_confirmation")
    assert world.bank.times("deduct", frozen.reference("deduct")) == 1
    assert world.book.told(frozen.id) == ["paid", "shipped"]
    await frozen.confirm()
    assert (await frozen.outcome()).released == PRICE


async def test_a_refused_deduction_goes_back_and_can_be_tried_again(
    world: World, frozen: Trade
) -> None:
    world.bank.refusals[frozen.reference("deduct", 1)] = Declined("limit_exceeded")
    await frozen.ship()
    await eventually(lambda: frozen.steps[-1] == "capture_refused")
    assert frozen.stage == "awaiting_shipment"
    await frozen.ship()
    await frozen.reaches("awaiting_confirmation")
    assert world.bank.times("deduct", frozen.reference("deduct", 2)) == 1


async def test_a_deduction_of_another_amount_is_given_back_and_ends_it(
    world: World, frozen: Trade
) -> None:
    world.bank.partial[frozen.reference("deduct")] = PRICE - 5
    await frozen.ship()
    outcome = await frozen.outcome()
    assert (outcome.stage, outcome.released) == ("closed", 0)
    assert world.bank.times("refund", frozen.reference("refund")) == 1
    assert "shipped" not in world.book.told(frozen.id)


async def test_a_merchant_gives_a_freeze_back_whole_or_not(world: World, frozen: Trade) -> None:
    assert await refusal(frozen.refund(1)) == "whole_amount_only"
    await frozen.refund(PRICE)
    assert (await frozen.outcome()).stage == "closed"
    assert world.bank.times("unfreeze", frozen.reference("unfreeze")) == 1


async def test_a_freeze_that_ran_out_meanwhile_counts_as_given_back(
    world: World, frozen: Trade
) -> None:
    world.bank.refusals[frozen.reference("unfreeze")] = Declined("expired")
    await frozen.refund(PRICE)
    outcome = await frozen.outcome()
    assert (outcome.stage, outcome.review) == ("closed", "")


async def test_an_issuer_that_lets_go_closes_the_purchase(world: World) -> None:
    trade = await world.open(funding=Funding.FREEZE)
    await trade.pay()
    await trade.bank_says(Frozen(PRICE, datetime.now(UTC) + timedelta(seconds=2)))
    assert (await trade.outcome()).stage == "closed"
    assert trade.steps[-1] == "hold_lapsed"
    assert world.bank.times("unfreeze", trade.reference("unfreeze")) == 0


async def test_a_hold_that_ends_soon_is_told_and_deducted_by_the_terms(world: World) -> None:
    trade = await holding(world, HoldExpiry.DEDUCT)
    await trade.fast_forward(timedelta(days=3, hours=1))
    await eventually(lambda: trade.steps[-1] == "captured")
    assert trade.steps[-3:] == ["hold_ending", "early_deduction", "captured"]
    assert trade.stage == "awaiting_shipment"
    assert world.bank.times("deduct", trade.reference("deduct")) == 1
    await trade.ship()
    await trade.reaches("awaiting_confirmation")
    await trade.confirm()
    assert (await trade.outcome()).released == PRICE
    assert world.bank.times("deduct", trade.reference("deduct", 2)) == 0
    assert world.book.told(trade.id)[:4] == ["paid", "hold_ending", "deducted", "shipped"]


async def test_an_early_deduction_that_the_bank_refuses_leaves_the_freeze(world: World) -> None:
    trade = await holding(world, HoldExpiry.DEDUCT)
    world.bank.refusals[trade.reference("deduct", 1)] = Declined("limit_exceeded")
    await trade.fast_forward(timedelta(days=3, hours=1))
    await eventually(lambda: trade.steps[-1] == "capture_refused")
    assert world.book.told(trade.id) == ["paid", "hold_ending", "hold_ending"]
    await trade.ship()
    await trade.reaches("awaiting_confirmation")
    assert world.bank.times("deduct", trade.reference("deduct", 2)) == 1


async def test_the_merchant_is_warned_two_days_before_the_hold_ends(world: World) -> None:
    trade = await holding(world, HoldExpiry.LAPSE)
    await trade.fast_forward(timedelta(days=2, hours=1))
    await eventually(lambda: trade.steps[-1] == "hold_ending")
    assert (trade.stage, world.book.told(trade.id)) == (
        "awaiting_shipment",
        ["paid", "hold_ending"],
    )
    await trade.fast_forward(timedelta(days=2))
    assert (await trade.outcome()).stage == "closed"


async def test_a_hold_that_the_bank_dropped_early_closes_the_purchase(
    world: World, frozen: Trade
) -> None:
    world.bank.refusals[frozen.reference("deduct", 1)] = Declined("expired")
    await frozen.ship()
    assert (await frozen.outcome()).stage == "closed"
    assert frozen.steps[-2:] == ["capture_refused", "hold_lapsed"]
    assert world.book.told(frozen.id) == ["paid", "closed"]


async def holding(world: World, hold_expiry: HoldExpiry) -> Trade:
    """Frozen for four days, with seven to ship, and a clock that moves."""
    trade = await world.open(funding=Funding.FREEZE, hold_expiry=hold_expiry, skipping=True)
    await trade.pay()
    await trade.bank_says(Frozen(PRICE, datetime.now(UTC) + timedelta(days=4)))
    await trade.reaches("awaiting_shipment")
    return trade


async def test_a_merchant_that_never_ships_gives_the_freeze_back(world: World) -> None:
    trade = await world.paid(funding=Funding.FREEZE, shipping=timedelta(seconds=1))
    assert (await trade.outcome()).stage == "closed"
    assert world.bank.times("unfreeze", trade.reference("unfreeze")) == 1


async def test_a_freeze_of_another_amount_is_thawed_and_nothing_is_booked(world: World) -> None:
    trade = await world.open(funding=Funding.FREEZE)
    await trade.pay()
    await trade.bank_says(Frozen(PRICE - 45, datetime.now(UTC) + timedelta(days=30)))
    await eventually(lambda: trade.steps[-1:] == ["return_succeeded"])
    assert world.bank.times("unfreeze", trade.reference("unfreeze")) == 1
    assert not [step for step in world.book.steps[trade.id] if step.legs]
    await trade.cancel()
    assert (await trade.outcome()).stage == "closed"
