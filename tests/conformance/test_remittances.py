"""Paying merchants: once each, never more than is in custody, and money that comes back."""

import asyncio

import pytest

from banks.port import (
    Accepted,
    BankRefusedOurRequest,
    Creditor,
    Declined,
    OutcomeUnknown,
    Pending,
    Returned,
    Settled,
    Truth,
    Unheard,
)
from banks.sandbox.magic import Call, Fault, Kind
from tests.conformance.stands import CURRENCY, PRICE, Trade

ARRIVES, NOBODY, CLOSED = "6217000000000018", "6217000000000026", "6217000000000034"
CUT_AFTER, REJECTED, BACK, CUT = (
    "6217000000000042",
    "6217000000000059",
    "6217000000000067",
    "6217000000000083",
)
PAID = [("deduct", PRICE)]


@pytest.fixture
async def paid(trade: Trade) -> Trade:
    """There is a price in custody."""
    await trade.paid()
    return trade


async def remit(trade: Trade, account: str = ARRIVES, amount: int = PRICE) -> Truth:
    remitter = trade.bank.remitter
    assert remitter is not None
    return await remitter.remit(trade.ref("remit"), Creditor("Shop", account), amount, CURRENCY)


async def test_it_is_accepted_then_settled_and_stays_there(paid: Trade) -> None:
    assert await remit(paid) == Accepted()
    await paid.finds(Settled(PRICE), "remit")
    assert await remit(paid) == Settled(PRICE)
    assert await paid.moves() == [*PAID, ("remit", PRICE)]


async def test_many_tries_at_once_pay_once(paid: Trade) -> None:
    assert set(await asyncio.gather(*(remit(paid) for _ in range(8)))) <= {Accepted()}
    assert await paid.moves() == [*PAID, ("remit", PRICE)]


@pytest.mark.parametrize(
    ("account", "code"), [(NOBODY, "no_such_account"), (CLOSED, "account_closed")]
)
async def test_what_is_declined_moves_nothing(paid: Trade, account: str, code: str) -> None:
    answer = await remit(paid, account)
    assert isinstance(answer, Declined)
    assert answer.code == code
    assert await paid.find("remit") == answer
    assert await paid.moves() == PAID


async def test_custody_never_goes_below_zero(paid: Trade) -> None:
    answer = await remit(paid, amount=10**14)
    assert isinstance(answer, Declined)
    assert answer.code == "insufficient_custody"
    assert await paid.moves() == PAID


async def test_refused_after_it_was_accepted(paid: Trade) -> None:
    assert await remit(paid, REJECTED) == Accepted()
    async with asyncio.timeout(30):
        while not isinstance(answer := await paid.find("remit"), Declined):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert answer.code == "account_closed"
    assert await paid.moves() == [*PAID, ("remit", PRICE), ("reject", PRICE)]


async def test_what_has_arrived_can_come_back(paid: Trade) -> None:
    await remit(paid, BACK)
    await paid.finds(Returned(PRICE, "AC04"), "remit")
    assert await paid.moves() == [*PAID, ("remit", PRICE), ("return", PRICE)]


@pytest.mark.parametrize(("account", "known"), [(CUT_AFTER, True), (CUT, False)])
async def test_an_answer_that_got_lost_is_asked_for(
    paid: Trade, account: str, *, known: bool
) -> None:
    with pytest.raises(OutcomeUnknown):
        await remit(paid, account)
    assert isinstance(await paid.find("remit"), Unheard) is not known
    assert isinstance(await remit(paid, account), Accepted | Settled)
    assert await paid.moves() == [*PAID, ("remit", PRICE)]


async def test_what_is_pending_is_accepted_in_the_end(paid: Trade) -> None:
    await paid.fault(Fault(Call.REMIT, Kind.PENDING, 0.3))
    assert await remit(paid) == Pending()
    await paid.finds(Settled(PRICE), "remit")
    assert await paid.moves() == [*PAID, ("remit", PRICE)]


async def test_a_reference_is_for_one_order(paid: Trade) -> None:
    await remit(paid)
    for account, amount in ((BACK, PRICE), (ARRIVES, PRICE - 1)):
        with pytest.raises(BankRefusedOurRequest):
            await remit(paid, account, amount)
    assert await paid.moves() == [*PAID, ("remit", PRICE)]
