"""What a bank answers about a payment, and what its own journal says of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from banks.port import (
    AlreadyPaid,
    BankRefusedOurRequest,
    Closed,
    Declined,
    Deducted,
    Frozen,
    Pending,
    Redirect,
    Unheard,
)
from banks.sandbox.magic import Call, Fault, Kind
from domain.terms import Funding
from tests.conformance.stands import PRICE, Trade

SHORT = PRICE - PRICE // 10
FUNDINGS = pytest.mark.parametrize("funding", list(Funding))


async def test_a_payment_waits_for_the_buyer(trade: Trade) -> None:
    page = await trade.start()
    assert isinstance(page, Redirect)
    assert await trade.find() == Pending()
    assert await trade.moves() == []


async def test_the_buyer_pays_at_once(trade: Trade) -> None:
    await trade.paid()
    assert await trade.find() == Deducted(PRICE)
    assert await trade.moves() == [("deduct", PRICE)]


async def test_the_buyers_money_is_frozen(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    match await trade.find():
        case Frozen(amount=amount, capture_before=until):
            assert amount == PRICE
            assert until - datetime.now(UTC) > timedelta(days=6)
        case other:
            pytest.fail(f"not frozen: {other}")
    assert await trade.moves() == [("freeze", PRICE)]


@FUNDINGS
async def test_paid_twice_is_paid_once(trade: Trade, funding: Funding) -> None:
    await trade.paid(funding)
    await trade.pay("han.meimei")
    assert len(await trade.moves()) == 1


@pytest.mark.parametrize(
    ("customer", "code"),
    [
        ("wang.wu", "insufficient_funds"),
        ("zhao.liu", "expired_card"),
        ("sun.qi", "limit_exceeded"),
        ("zhou.ba", "risk"),
    ],
)
async def test_a_decline_is_definitive_and_says_why(trade: Trade, customer: str, code: str) -> None:
    await trade.paid(customer=customer)
    match await trade.find():
        case Declined(code=said):
            assert said == code
        case other:
            pytest.fail(f"not declined: {other}")
    await trade.pay("li.lei")
    assert await trade.moves() == []


async def test_a_buyer_who_cancels_has_declined(trade: Trade) -> None:
    await trade.start()
    await trade.stand.cancel(trade.ref())
    match await trade.find():
        case Declined(code="cancelled"):
            assert await trade.moves() == []
        case other:
            pytest.fail(f"not cancelled: {other}")


async def test_a_bank_may_decline_before_there_is_a_page(trade: Trade) -> None:
    await trade.fault(Fault(Call.START, Kind.DECLINED, code="risk"))
    for _ in range(2):
        match await trade.start():
            case Declined(code="risk"):
                pass
            case other:
                pytest.fail(f"not declined: {other}")


@FUNDINGS
async def test_a_short_payment_says_how_much_it_is(trade: Trade, funding: Funding) -> None:
    await trade.paid(funding, "wu.jiu")
    match await trade.find():
        case Deducted(amount=amount) | Frozen(amount=amount):
            assert amount == SHORT
        case other:
            pytest.fail(f"not paid: {other}")
    assert [amount for _, amount in await trade.moves()] == [SHORT]


async def test_the_same_order_again_is_the_same_page(trade: Trade) -> None:
    first = await trade.start()
    again = await asyncio.gather(*(trade.start() for _ in range(5)))
    assert again == [first] * 5
    await trade.pay()
    assert await trade.start() == first
    assert len(await trade.moves()) == 1


async def test_a_reference_is_of_one_order_only(trade: Trade) -> None:
    await trade.start()
    with pytest.raises(BankRefusedOurRequest):
        await trade.start(currency="EUR")
    trade.amount += 1
    with pytest.raises(BankRefusedOurRequest):
        await trade.start()
    await trade.pay()
    assert await trade.find() == Deducted(PRICE)


async def test_a_bank_does_not_know_what_it_was_never_told(trade: Trade) -> None:
    assert await trade.find() == Unheard()


async def test_a_bank_that_pays_slowly_says_pending_meanwhile(trade: Trade) -> None:
    await trade.start()
    await trade.fault(Fault(Call.PAY, Kind.PENDING, seconds=1.5))
    await trade.pay()
    assert await trade.find() == Pending()
    await trade.finds(Deducted(PRICE))
    assert await trade.moves() == [("deduct", PRICE)]


async def test_closed_can_not_be_paid(trade: Trade) -> None:
    await trade.start()
    assert await trade.bank.close_payment(trade.ref()) == Closed()
    await trade.pay()
    assert await trade.bank.close_payment(trade.ref()) == Closed()
    assert await trade.find() == Closed()
    assert await trade.moves() == []


@FUNDINGS
async def test_paid_can_not_be_closed(trade: Trade, funding: Funding) -> None:
    await trade.paid(funding)
    assert await trade.bank.close_payment(trade.ref()) == AlreadyPaid()
    assert isinstance(await trade.find(), Deducted | Frozen)


async def test_what_was_closed_before_it_was_started_never_starts(trade: Trade) -> None:
    """Else a start that was under way when we gave up could still be paid."""
    assert await trade.bank.close_payment(trade.ref()) == Closed()
    match await trade.start():
        case Declined(code="closed"):
            pass
        case other:
            pytest.fail(f"started after all: {other}")


async def test_paid_and_closed_in_the_same_instant_is_one_of_both(trade: Trade) -> None:
    await trade.start()
    _, closed = await asyncio.gather(trade.pay(), trade.bank.close_payment(trade.ref()))
    moves = await trade.moves()
    if closed == Closed():
        assert moves == []
        assert await trade.find() == Closed()
    else:
        assert moves == [("deduct", PRICE)]
        assert await trade.find() == Deducted(PRICE)


async def test_a_bank_may_say_closed_and_be_paid_all_the_same(trade: Trade) -> None:
    await trade.fault(Fault(Call.CLOSE, Kind.PAYABLE_AFTER_CLOSE))
    await trade.start()
    assert await trade.bank.close_payment(trade.ref()) == Closed()
    await trade.pay()
    assert await trade.find() == Deducted(PRICE)
    await trade.pay()
    assert await trade.moves() == [("deduct", PRICE)]


async def test_a_slow_payment_that_was_closed_may_come_all_the_same(trade: Trade) -> None:
    await trade.start()
    await trade.fault(Fault(Call.PAY, Kind.PENDING, seconds=1.5))
    await trade.pay()
    assert await trade.bank.close_payment(trade.ref()) == Closed()
    assert await trade.find() == Closed()
    await trade.finds(Deducted(PRICE))


async def test_a_payment_may_be_shown_late(trade: Trade) -> None:
    await trade.start()
    await trade.fault(Fault(Call.PAY, Kind.HIDDEN, seconds=1.5))
    await trade.pay()
    assert await trade.find() == Pending()
    assert await trade.bank.close_payment(trade.ref()) == AlreadyPaid()
    await trade.finds(Deducted(PRICE))


@FUNDINGS
async def test_a_started_payment_may_be_shown_late(trade: Trade, funding: Funding) -> None:
    await trade.fault(Fault(Call.START, Kind.HIDDEN, seconds=1.5))
    await trade.start(funding)
    assert await trade.find() == Unheard()
    await trade.finds(Pending())
