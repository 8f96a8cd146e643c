"""Deduct, unfreeze, refund: once each, never too much, and every no with its reason."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from banks.port import (
    BankRefusedOurRequest,
    Declined,
    Deducted,
    Frozen,
    Pending,
    Refunded,
    Truth,
    Unfrozen,
)
from banks.sandbox.magic import Call, Fault, Kind
from domain.terms import Funding
from tests.conformance.stands import PRICE, Trade

SHORT = PRICE - PRICE // 10


def code(answer: Truth) -> str:
    assert isinstance(answer, Declined), answer
    return answer.code


async def test_the_whole_freeze_is_deducted(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    assert await trade.deduct() == Deducted(PRICE)
    assert await trade.find("deduct") == Deducted(PRICE)
    assert await trade.find() == Deducted(PRICE)
    assert await trade.moves() == [("freeze", PRICE), ("deduct", PRICE)]


async def test_what_is_not_deducted_goes_back(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    assert await trade.deduct(PRICE - 45) == Deducted(PRICE - 45)
    assert code(await trade.deduct(45, number=2)) == "deducted_already"
    assert await trade.moves() == [("freeze", PRICE), ("deduct", PRICE - 45), ("unfreeze", 45)]


async def test_a_bank_may_deduct_less_than_it_was_asked_to(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    await trade.fault(Fault(Call.DEDUCT, Kind.SHORT))
    assert await trade.deduct() == Deducted(SHORT)
    back = PRICE - SHORT
    assert await trade.moves() == [("freeze", PRICE), ("deduct", SHORT), ("unfreeze", back)]


async def test_never_more_than_was_frozen(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    assert code(await trade.deduct(PRICE + 1)) == "exceeds_freeze"
    assert await trade.deduct(number=2) == Deducted(PRICE)


async def test_a_freeze_is_given_back(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    assert await trade.unfreeze() == Unfrozen()
    assert await trade.find() == Unfrozen()
    assert code(await trade.unfreeze(number=2)) == "not_frozen"
    assert code(await trade.deduct()) == "not_frozen"
    assert await trade.moves() == [("freeze", PRICE), ("unfreeze", PRICE)]


async def test_what_was_deducted_is_not_frozen_any_more(trade: Trade) -> None:
    """Another answer than "not frozen": the buyer does not have the money back."""
    await trade.paid(Funding.FREEZE)
    await trade.deduct()
    assert code(await trade.unfreeze()) == "deducted_already"


async def test_deduct_and_unfreeze_at_once_is_one_of_both(trade: Trade) -> None:
    await trade.paid(Funding.FREEZE)
    deducted, unfrozen = await asyncio.gather(trade.deduct(), trade.unfreeze())
    assert isinstance(deducted, Deducted) != isinstance(unfrozen, Unfrozen)
    assert len(await trade.moves()) == 2


async def test_a_freeze_ends_when_it_said_so(trade: Trade) -> None:
    await trade.start(Funding.FREEZE)
    await trade.fault(Fault(Call.PAY, Kind.SHORT_FREEZE, seconds=1))
    await trade.pay()
    match await trade.find():
        case Frozen(capture_before=until):
            assert until - datetime.now(UTC) <= timedelta(seconds=1)
        case other:
            pytest.fail(f"not frozen: {other}")
    await asyncio.sleep(1.1)
    assert code(await trade.deduct()) == "expired"
    assert code(await trade.unfreeze()) == "expired"
    assert code(await trade.find()) == "expired"
    assert await trade.moves() == [("freeze", PRICE), ("expire", PRICE)]


async def test_a_freeze_may_end_earlier_than_it_said(trade: Trade) -> None:
    await trade.start(Funding.FREEZE)
    await trade.fault(Fault(Call.PAY, Kind.EARLY_EXPIRY, seconds=0.5))
    await trade.pay()
    match await trade.find():
        case Frozen(capture_before=until):
            assert until - datetime.now(UTC) > timedelta(days=6)
        case other:
            pytest.fail(f"not frozen: {other}")
    await asyncio.sleep(0.6)
    assert code(await trade.deduct()) == "expired"


@pytest.mark.parametrize("funding", list(Funding))
async def test_refunds_never_exceed_what_was_taken(trade: Trade, funding: Funding) -> None:
    await trade.paid(funding)
    if funding is Funding.FREEZE:
        assert code(await trade.refund(1, number=9)) == "nothing_taken"
        await trade.deduct()
    assert await trade.refund(5_000, number=1) == Refunded(5_000)
    assert await trade.refund(PRICE - 5_000, number=2) == Refunded(PRICE - 5_000)
    assert code(await trade.refund(1, number=3)) == "exceeds_payment"
    assert [move for move in await trade.moves() if move[0] == "refund"] == [
        ("refund", 5_000),
        ("refund", PRICE - 5_000),
    ]
    assert await trade.find() == Deducted(PRICE)


async def test_many_refunds_at_once_never_exceed_what_was_taken(trade: Trade) -> None:
    await trade.paid()
    part = PRICE // 3
    answers = await asyncio.gather(*(trade.refund(part, number) for number in range(1, 9)))
    assert answers.count(Refunded(part)) == 3
    assert (await trade.moves()).count(("refund", part)) == 3


async def test_an_unpaid_payment_gives_nothing_back(trade: Trade) -> None:
    await trade.start()
    assert code(await trade.refund()) == "nothing_taken"
    assert code(await trade.deduct()) == "not_frozen"


async def test_a_bank_may_refuse_a_refund(trade: Trade) -> None:
    await trade.paid()
    await trade.fault(Fault(Call.REFUND, Kind.DECLINED, code="account_closed"))
    assert code(await trade.refund()) == "account_closed"
    assert code(await trade.refund()) == "account_closed", "a decline is definitive"
    assert code(await trade.find("refund")) == "account_closed"
    assert await trade.refund(number=2) == Refunded(PRICE)


async def test_the_same_errand_again_gets_the_same_answer(trade: Trade) -> None:
    await trade.paid()
    answers = await asyncio.gather(*(trade.refund() for _ in range(8)))
    assert answers == [Refunded(PRICE)] * 8
    assert (await trade.moves()).count(("refund", PRICE)) == 1


async def test_a_changed_errand_is_refused(trade: Trade) -> None:
    await trade.paid()
    await trade.refund(100)
    with pytest.raises(BankRefusedOurRequest):
        await trade.refund(200)
    assert (await trade.moves()).count(("refund", 100)) == 1


async def test_another_currency_is_our_bug(trade: Trade) -> None:
    await trade.paid()
    with pytest.raises(BankRefusedOurRequest):
        await trade.bank.refund(trade.ref("refund"), trade.ref(), 100, "EUR")


async def test_an_unknown_payment_is_our_bug(trade: Trade) -> None:
    with pytest.raises(BankRefusedOurRequest):
        await trade.refund()


@pytest.mark.parametrize("what", ["deduct", "unfreeze", "refund"])
async def test_an_errand_may_take_its_time(trade: Trade, what: str) -> None:
    await trade.paid(Funding.DEDUCT if what == "refund" else Funding.FREEZE)
    await trade.fault(Fault(Call(what), Kind.PENDING, seconds=1))
    done: dict[str, Truth] = {
        "deduct": Deducted(PRICE),
        "unfreeze": Unfrozen(),
        "refund": Refunded(PRICE),
    }
    assert await getattr(trade, what)() == Pending()
    assert await trade.find(what) == Pending()
    before = await trade.moves()
    await trade.finds(done[what], what)
    assert await getattr(trade, what)() == done[what]
    assert len(await trade.moves()) == len(before) + 1
