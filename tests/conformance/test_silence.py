"""Unknown is never failure: whatever the silence, asking and sending again moves money once."""

import asyncio
from typing import Any

import pytest

from banks.port import (
    AlreadyPaid,
    Bank,
    Closed,
    Deducted,
    OutcomeUnknown,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)
from banks.sandbox.magic import AMOUNTS, OF_THE_LINE, PAYERS, Call, Fault, Kind
from domain.terms import Funding
from tests.conformance.stands import PRICE, Trade

SLOW = {Kind.SLOW, Kind.SLOW_ANSWER}
LINE = pytest.mark.parametrize("kind", sorted(OF_THE_LINE))
#: What moves money, and how the journal says so.
MONEY = pytest.mark.parametrize("call", [Call.DEDUCT, Call.UNFREEZE, Call.REFUND])
#: Published amounts at which an errand goes wrong; what they make slow is slow above already.
ERRANDS = sorted(
    ending
    for ending, faults in AMOUNTS.items()
    if faults[0].call in {Call.DEDUCT, Call.UNFREEZE, Call.REFUND} and faults[0].kind not in SLOW
)
DONE: dict[Call, Truth] = {
    Call.DEDUCT: Deducted(PRICE),
    Call.UNFREEZE: Unfrozen(),
    Call.REFUND: Refunded(PRICE),
}


async def send(trade: Trade, call: Call, bank: Bank | None = None) -> Any:
    match call:
        case Call.DEDUCT:
            return await trade.deduct(trade.amount, bank=bank)
        case Call.REFUND:
            return await trade.refund(trade.amount, bank=bank)
        case _:
            return await trade.unfreeze(bank=bank)


async def silence(trade: Trade, call: Call, kind: Kind) -> Bank:
    """Order it; the bank as the one who waits for it sees it."""
    slow = kind in SLOW
    await trade.fault(Fault(call, kind, seconds=1.2 if slow else 0))
    return trade.stand.impatient if slow else trade.bank


@MONEY
@LINE
async def test_ask_then_send_again_moves_money_once(trade: Trade, call: Call, kind: Kind) -> None:
    await trade.paid(Funding.DEDUCT if call is Call.REFUND else Funding.FREEZE)
    bank = await silence(trade, call, kind)
    with pytest.raises(OutcomeUnknown):
        await send(trade, call, bank)
    truth = await trade.find(call)
    if kind in {Kind.LOST, Kind.ERROR}:
        assert truth == Unheard()
    if kind is Kind.ANSWER_LOST:
        assert truth == DONE[call]
    assert await send(trade, call) == DONE[call]
    await asyncio.sleep(1 if kind in SLOW else 0)
    assert [name for name, _ in await trade.moves()].count(call) == 1


@LINE
async def test_a_payment_page_is_asked_for_again(trade: Trade, kind: Kind) -> None:
    bank = await silence(trade, Call.START, kind)
    with pytest.raises(OutcomeUnknown):
        await trade.start(bank=bank)
    page = await trade.start()
    assert isinstance(page, Redirect)
    assert await trade.start() == page
    await trade.pay()
    assert await trade.moves() == [("deduct", PRICE)]


@LINE
async def test_closing_is_asked_for_again(trade: Trade, kind: Kind) -> None:
    await trade.start()
    bank = await silence(trade, Call.CLOSE, kind)
    with pytest.raises(OutcomeUnknown):
        await bank.close_payment(trade.ref())
    assert await trade.bank.close_payment(trade.ref()) == Closed()


@LINE
async def test_even_asking_may_get_no_answer(trade: Trade, kind: Kind) -> None:
    await trade.paid()
    bank = await silence(trade, Call.FIND, kind)
    with pytest.raises(OutcomeUnknown):
        await bank.find(trade.ref())
    assert await trade.find() == Deducted(PRICE)


async def test_a_late_close_does_not_undo_a_payment(trade: Trade) -> None:
    """The close was on its way while the buyer paid, and arrived afterwards."""
    await trade.start()
    bank = await silence(trade, Call.CLOSE, Kind.SLOW)
    with pytest.raises(OutcomeUnknown):
        await bank.close_payment(trade.ref())
    await trade.pay()
    answer = await trade.bank.close_payment(trade.ref())
    if answer == AlreadyPaid():
        assert await trade.find() == Deducted(PRICE)


@MONEY
async def test_done_but_not_shown_is_sent_again_without_harm(trade: Trade, call: Call) -> None:
    await trade.paid(Funding.DEDUCT if call is Call.REFUND else Funding.FREEZE)
    await trade.fault(Fault(call, Kind.HIDDEN, seconds=1.5))
    await trade.fault(Fault(call, Kind.ANSWER_LOST))
    with pytest.raises(OutcomeUnknown):
        await send(trade, call)
    assert await trade.find(call) == Unheard()
    assert await send(trade, call) == DONE[call]
    await trade.finds(DONE[call], call)
    assert [name for name, _ in await trade.moves()].count(call) == 1


@pytest.mark.parametrize("ending", ERRANDS)
async def test_published_amounts_do_what_they_say(trade: Trade, ending: int) -> None:
    trade.amount = 300_000 + ending
    faults = AMOUNTS[ending]
    kinds, call = {fault.kind for fault in faults}, faults[0].call
    await trade.paid(Funding.DEDUCT if call is Call.REFUND else Funding.FREEZE)
    if kinds & OF_THE_LINE:
        with pytest.raises(OutcomeUnknown):
            await send(trade, call)
    answer = await send(trade, call)
    if Kind.DECLINED in kinds:
        assert answer.code == faults[0].code
    elif Kind.PENDING in kinds:
        assert answer == Pending()
    elif Kind.SHORT in kinds:
        assert 0 < answer.amount < trade.amount
    else:
        assert isinstance(answer, type(DONE[call]))


@pytest.mark.parametrize("payer", PAYERS, ids=lambda payer: payer.customer)
async def test_published_customers_pay_or_say_why_not(trade: Trade, payer: Any) -> None:
    await trade.paid(customer=payer.customer)
    kinds = {fault.kind for fault in payer.faults}
    if Kind.DECLINED in kinds or payer.opening < PRICE:
        assert await trade.moves() == []
    elif Kind.PENDING in kinds:
        assert await trade.find() == Pending()
    else:
        assert [kind for kind, _ in await trade.moves()] == ["deduct"]
