"""What a bank keeps for payers: with their consent, for them alone, and money moves as ever."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from banks.port import (
    AlreadyPaid,
    Bank,
    BankRefusedOurRequest,
    Declined,
    Deducted,
    Frozen,
    Keeper,
    OutcomeUnknown,
    Payer,
    Pending,
    Redirect,
    SavedMethod,
    Truth,
)
from banks.sandbox.magic import LAPSED, OF_THE_LINE, Call, Fault, Kind
from domain.terms import Funding
from tests.conformance.stands import PATIENCE, PRICE, Trade

LINE = pytest.mark.parametrize("kind", sorted(OF_THE_LINE))


def keeper_of(bank: Bank) -> Keeper:
    assert bank.keeper is not None
    return bank.keeper


def payer(token: str = "", *, remember: bool = False) -> Payer:
    return Payer(f"pyr_{uuid4().hex}", token, remember)


@dataclass
class Buyer:
    """One buyer with an account of ours, at the bank where `first` is paid."""

    first: Trade
    payer: Payer = field(default_factory=lambda: payer(remember=True))

    @property
    def keeper(self) -> Keeper:
        return keeper_of(self.first.bank)

    async def remembers(self, customer: str = "li.lei") -> SavedMethod:
        """Pay once with the box ticked."""
        trade = self.another()
        await trade.start(payer=self.payer)
        await trade.stand.pay(trade.ref(), customer, remember=True)
        return (await self.methods())[-1]

    async def methods(self) -> tuple[SavedMethod, ...]:
        return await self.keeper.saved_methods(self.payer.reference)

    def with_(self, method: SavedMethod) -> Payer:
        return replace(self.payer, token=method.token, remember=False)

    def another(self) -> Trade:
        """One more purchase of theirs."""
        return Trade(self.first.stand, self.first.return_url)


@pytest.fixture
def buyer(trade: Trade) -> Buyer:
    return Buyer(trade)


async def test_what_the_buyer_wants_kept_is_kept(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    assert (kept.method, kept.label, kept.expires) == ("card", "UnionPay •••• 0005", "2049-12")
    assert "6200000000000005" not in kept.token
    assert await buyer.methods() == (kept,)


async def test_nothing_is_kept_of_a_buyer_who_does_not_tick_the_box(buyer: Buyer) -> None:
    await buyer.first.start(payer=buyer.payer)
    await buyer.first.pay()
    assert await buyer.first.moves() == [("deduct", PRICE)]
    assert await buyer.methods() == ()


async def test_nothing_is_kept_where_nobody_asked_for_it(buyer: Buyer) -> None:
    """A ticked box that the page did not have."""
    await buyer.first.start(payer=replace(buyer.payer, remember=False))
    await buyer.first.stand.pay(buyer.first.ref(), remember=True)
    assert await buyer.first.find() == Deducted(PRICE)
    assert await buyer.methods() == ()


async def test_what_was_declined_is_not_kept(buyer: Buyer) -> None:
    await buyer.first.start(payer=buyer.payer)
    await buyer.first.stand.pay(buyer.first.ref(), "zhou.ba", remember=True)
    assert isinstance(await buyer.first.find(), Declined)
    assert await buyer.methods() == ()


async def test_what_is_kept_again_keeps_its_token(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    assert await buyer.remembers() == kept
    assert len({kept, await buyer.remembers("han.meimei")}) == len(await buyer.methods()) == 2


@pytest.mark.parametrize("funding", list(Funding))
async def test_a_saved_method_pays(buyer: Buyer, funding: Funding) -> None:
    kept = await buyer.remembers()
    page = await buyer.first.start(funding, payer=buyer.with_(kept))
    assert isinstance(page, Redirect)
    assert await buyer.first.find() == Pending()
    assert await buyer.first.moves() == []
    for _ in range(2):
        await buyer.first.stand.pay_saved(buyer.first.ref())
    assert len(await buyer.first.moves()) == 1
    assert await buyer.first.bank.close_payment(buyer.first.ref()) == AlreadyPaid()


#: Who pays and what goes wrong at the page: as it does with everything typed.
COURSES = pytest.mark.parametrize(
    ("customer", "fault"),
    [
        ("li.lei", None),
        ("wu.jiu", None),
        ("feng.yi", None),
        ("yang.ba", None),
        ("li.lei", Fault(Call.PAY, Kind.DECLINED, code="risk")),
        ("li.lei", Fault(Call.PAY, Kind.PENDING, seconds=0.4)),
        ("li.lei", Fault(Call.PAY, Kind.HIDDEN, seconds=0.4)),
        ("li.lei", Fault(Call.PAY, Kind.SHORT)),
    ],
)


@pytest.mark.parametrize("funding", list(Funding))
@COURSES
async def test_a_payment_with_a_saved_method_is_one_like_any_other(
    buyer: Buyer, customer: str, fault: Fault | None, funding: Funding
) -> None:
    kept = await buyer.remembers(customer)
    typed, saved = buyer.another(), buyer.another()
    for trade in (typed, saved):
        if fault:
            await trade.fault(fault)
    await typed.start(funding)
    await typed.pay(customer)
    await saved.start(funding, payer=buyer.with_(kept))
    await saved.stand.pay_saved(saved.ref())
    assert await course(saved) == await course(typed)


@pytest.mark.parametrize("ending", [77741, 77747, 77717, 77725, 77735])
async def test_published_amounts_go_wrong_with_a_saved_method_too(
    buyer: Buyer, ending: int
) -> None:
    kept = await buyer.remembers()
    typed, saved = buyer.another(), buyer.another()
    typed.amount = saved.amount = 300_000 + ending
    await typed.start(Funding.FREEZE)
    await typed.pay()
    await saved.start(Funding.FREEZE, payer=buyer.with_(kept))
    await saved.stand.pay_saved(saved.ref())
    assert await course(saved) == await course(typed)


async def course(trade: Trade) -> list[Any]:
    """Everything that a bank answers about a payment and what is done with it, and its journal."""
    answers: list[Any] = [without_times(await decided(trade))]
    for errand in (trade.deduct, trade.refund):
        for number, amount in enumerate((trade.amount + 1, trade.amount // 3, trade.amount), 1):
            answers.append(await errand(amount, number))
    answers += [await trade.unfreeze(), without_times(await trade.find())]
    lines = await trade.stand.journal(f"{trade.id}:")
    return [
        *answers,
        *((line.kind, line.debit, line.credit, line.amount) for line in lines),
    ]


async def decided(trade: Trade) -> Truth:
    """The bank's word once it is one."""
    async with asyncio.timeout(PATIENCE):
        while (truth := await trade.find()) == Pending():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return truth


def without_times(truth: Truth) -> object:
    return ("frozen", truth.amount) if isinstance(truth, Frozen) else truth


async def declines(trade: Trade, who: Payer, code: str) -> None:
    """Definitively: at every try, to whoever asks, and no money moves."""
    for _ in range(2):
        answer = await trade.start(payer=who)
        assert isinstance(answer, Declined)
        assert answer.code == code
    assert await trade.find() == answer
    assert await trade.moves() == []


async def test_a_token_that_nobody_has_is_declined(buyer: Buyer) -> None:
    await declines(buyer.first, payer("pm_unknown"), "unknown_method")


async def test_another_payers_token_is_nobodys(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    await declines(buyer.first, payer(kept.token), "unknown_method")
    assert await buyer.methods() == (kept,)


async def test_what_is_forgotten_does_not_pay(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    for _ in range(2):
        await buyer.keeper.forget_method(buyer.payer.reference, kept.token)
    assert await buyer.methods() == ()
    await declines(buyer.first, buyer.with_(kept), "unknown_method")
    otherwise = buyer.another()
    await otherwise.paid()
    assert await otherwise.find() == Deducted(PRICE)


async def test_what_is_forgotten_while_the_page_is_open_does_not_pay(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    page = await buyer.first.start(payer=buyer.with_(kept))
    await buyer.keeper.forget_method(buyer.payer.reference, kept.token)
    assert await buyer.first.start(payer=buyer.with_(kept)) == page, "the same order, the same page"
    await buyer.first.stand.pay_saved(buyer.first.ref())
    assert await buyer.first.moves() == []


async def test_nobody_forgets_for_others(buyer: Buyer) -> None:
    kept = await buyer.remembers()
    await buyer.keeper.forget_method(payer().reference, kept.token)
    assert await buyer.methods() == (kept,)


async def test_a_card_whose_time_is_over_is_shown_and_declined(buyer: Buyer) -> None:
    kept = await buyer.remembers("xu.jiu")
    assert kept.expires == LAPSED
    await declines(buyer.first, buyer.with_(kept), "expired_card")


async def test_another_payer_is_another_order(buyer: Buyer) -> None:
    await buyer.first.start(payer=buyer.payer)
    for other in (None, payer(remember=True), replace(buyer.payer, remember=False)):
        with pytest.raises(BankRefusedOurRequest):
            await buyer.first.start(payer=other)


@LINE
async def test_a_silence_about_methods_is_no_empty_list(buyer: Buyer, kind: Kind) -> None:
    kept = await buyer.remembers()
    bank = await silence(buyer, Call.METHODS, kind)
    with pytest.raises(OutcomeUnknown):
        await keeper_of(bank).saved_methods(buyer.payer.reference)
    assert await buyer.methods() == (kept,)


@LINE
async def test_what_may_be_forgotten_is_forgotten_again(buyer: Buyer, kind: Kind) -> None:
    kept = await buyer.remembers()
    bank = await silence(buyer, Call.FORGET, kind)
    with pytest.raises(OutcomeUnknown):
        await keeper_of(bank).forget_method(buyer.payer.reference, kept.token)
    await buyer.keeper.forget_method(buyer.payer.reference, kept.token)
    assert await buyer.methods() == ()


@LINE
async def test_a_page_for_a_saved_method_is_asked_for_again(buyer: Buyer, kind: Kind) -> None:
    kept = await buyer.remembers()
    slow = kind in {Kind.SLOW, Kind.SLOW_ANSWER}
    await buyer.first.fault(Fault(Call.START, kind, seconds=1.2 if slow else 0))
    bank = buyer.first.stand.impatient if slow else buyer.first.bank
    with pytest.raises(OutcomeUnknown):
        await buyer.first.start(payer=buyer.with_(kept), bank=bank)
    assert isinstance(await buyer.first.start(payer=buyer.with_(kept)), Redirect)
    await buyer.first.stand.pay_saved(buyer.first.ref())
    assert await buyer.first.moves() == [("deduct", PRICE)]


async def silence(buyer: Buyer, call: Call, kind: Kind) -> Bank:
    """Order it for this payer; the bank as the one who waits for it sees it."""
    slow = kind in {Kind.SLOW, Kind.SLOW_ANSWER}
    fault = Fault(call, kind, seconds=1.2 if slow else 0)
    await buyer.first.stand.order(buyer.payer.reference, fault)
    return buyer.first.stand.impatient if slow else buyer.first.bank
