"""Refunds after the release: booked once and paid once, whoever dies and whatever gets lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from banks.port import Declined
from clearing import truths as clearing_truths
from clearing.after_sale import AfterSaleBook
from clearing.port import BankHeard, RefundAsked, Ruling, Told
from domain.accounts import REFUND_IN_TRANSIT, SUSPENSE, Code
from domain.escrow import Escrow
from domain.terms import FeePolicy
from ledger.truths import breaches
from tests.integration.clearing.clearers import Clearers
from tests.integration.clearing.till import TOMORROW, Till
from workflows.commands import Standing
from workflows.names import after_sale_id
from workflows.start import refund_after_sale

PAYABLE, RECEIVABLE = Code.MERCHANT_PAYABLE, Code.MERCHANT_RECEIVABLE


class Crashed(Exception):
    """The worker dies here."""


class DyingBook(AfterSaleBook):
    """Its process dies before each commit, and after each: nobody hears that it was done."""

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self.deaths: dict[str, int] = {}
        #: The purchases in whose steps it dies.
        self.doomed: set[str] = set()

    async def refund(self, asked: RefundAsked) -> Ruling:
        self._die(asked.escrow_id, f"before {asked.command}")
        done = await super().refund(asked)
        self._die(asked.escrow_id, f"after {asked.command}")
        return done

    async def heard(self, fact: BankHeard) -> Told:
        self._die(fact.escrow_id, f"before {fact.reference}")
        done = await super().heard(fact)
        self._die(fact.escrow_id, f"after {fact.reference}")
        return done

    def _die(self, escrow_id: str, where: str) -> None:
        self.deaths[where] = self.deaths.get(where, 0) + 1
        if escrow_id in self.doomed and self.deaths[where] == 1:
            raise Crashed(where)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clearers(clearers: Clearers) -> AsyncIterator[Clearers]:
    clearers.after_sale = DyingBook(clearers.engine)
    async with clearers.at_work():
        yield clearers


def asked(escrow: Escrow, amount: int, command: str = "") -> RefundAsked:
    terms = escrow.terms
    return RefundAsked(terms.escrow_id, terms.merchant_id, amount, command or uuid4().hex)


def reference(escrow: Escrow, number: int = 1) -> str:
    return f"{escrow.terms.escrow_id}:after_sale:{number}"


async def refund(clearers: Clearers, said: RefundAsked) -> Standing:
    return await refund_after_sale(clearers.client, said)


async def outcome(clearers: Clearers, said: RefundAsked) -> str:
    told: str = await clearers.client.get_workflow_handle(
        after_sale_id(said.escrow_id, said.command)
    ).result()
    return told


async def row(till: Till, escrow: Escrow) -> Any:
    purchase = await till.books.reading.purchase(escrow.terms.escrow_id)
    assert purchase is not None
    return purchase.row


async def legs(till: Till, escrow: Escrow) -> list[tuple[int, int, int]]:
    """Of its refunds after the release."""
    return [
        (leg.debit.code.value, leg.credit.code.value, leg.amount)
        for leg in await till.books.reading.legs(escrow.terms.escrow_id)
        if leg.name == "refunded_after_release"
    ]


async def the_books_agree(till: Till, *escrows: Escrow) -> None:
    ours = {escrow.terms.escrow_id for escrow in escrows}
    async with till.engine.connect() as connection:
        found = await breaches(connection)
        assert not [one for one in found if one.subject in ours or "apart" in one.said]
        assert not await breaches(connection, clearing_truths.TRUTHS)


async def test_it_is_booked_once_and_paid_once_wherever_a_worker_dies(
    till: Till, clearers: Clearers
) -> None:
    """Before each commit, after it, at the bank before the answer, and when asked twice."""
    escrow = await till.sold(await till.merchant(), 700)
    clearers.bank.lost_answers["refund", reference(escrow)] = 1
    book = clearers.after_sale
    assert isinstance(book, DyingBook)
    book.doomed.add(escrow.terms.escrow_id)
    said = asked(escrow, 300)
    both = await asyncio.gather(*(refund(clearers, said) for _ in range(2)))
    assert both[0] == both[1]
    assert both[0].status == "completed"
    assert await outcome(clearers, said) == "given_back"
    assert await legs(till, escrow) == [(2200, 2310, 300)]
    assert clearers.bank.times("refund", reference(escrow)) == 1
    assert {where.partition(" ")[0] for where, died in book.deaths.items() if died > 1} == {
        "before",
        "after",
    }
    after = await row(till, escrow)
    assert (after.released, after.refunded, after.returning) == (400, 300, 0)
    timeline = await till.books.reading.timeline(escrow.terms.escrow_id)
    assert [step.happened.name for step in timeline[-2:]] == [
        "refunded_after_release",
        "return_succeeded",
    ]
    assert clearers.merchant.heard[escrow.terms.escrow_id] == [timeline_number(timeline)]
    await the_books_agree(till, escrow)


def timeline_number(timeline: list[Any]) -> int:
    """Of the last public event."""
    return sum(len(step.told) for step in timeline)


async def test_the_same_command_again_after_its_end_changes_nothing(
    till: Till, clearers: Clearers
) -> None:
    """Temporal has forgotten it: the ledger has not."""
    escrow = await till.sold(await till.merchant(), 700)
    said = asked(escrow, 300)
    first = await refund(clearers, said)
    await outcome(clearers, said)
    assert await refund(clearers, said) == first
    assert await outcome(clearers, said) == "given_back"
    assert clearers.bank.times("refund", reference(escrow)) == 1
    assert await legs(till, escrow) == [(2200, 2310, 300)]


async def test_many_at_once_never_give_back_more_than_was_released(
    till: Till, clearers: Clearers
) -> None:
    escrow = await till.sold(await till.merchant(), 700)
    said = [asked(escrow, 300) for _ in range(4)]
    done = await asyncio.gather(*(refund(clearers, one) for one in said), return_exceptions=True)
    refused = [one for one in done if isinstance(one, WorkflowUpdateFailedError)]
    assert len(refused) == 2
    for one in refused:
        assert isinstance(one.cause, ApplicationError)
        assert one.cause.type == "amount_exceeds_released"
    ends = sorted(await asyncio.gather(*(outcome(clearers, one) for one in said)))
    assert ends == ["given_back", "given_back", "refused", "refused"]
    after = await row(till, escrow)
    assert (after.released, after.refunded, after.returning) == (100, 600, 0)
    await the_books_agree(till, escrow)


async def test_two_purchases_never_take_the_same_balance_twice(
    till: Till, clearers: Clearers
) -> None:
    """What the merchant has left covers one of them; the other is its debt."""
    merchant = await till.merchant(debt_limit=700)
    escrows = [await till.sold(merchant, 700) for _ in range(2)]
    await till.open(merchant)
    third = await till.sold(merchant, 700)
    said = [asked(escrow, 700) for escrow in escrows]
    await asyncio.gather(*(refund(clearers, one) for one in said))
    assert await till.owed(PAYABLE, merchant) == 0
    assert await till.owed(RECEIVABLE, merchant) == -700
    found = sorted([leg for escrow in escrows for leg in await legs(till, escrow)])
    assert found == [(1300, 2310, 700), (2200, 2310, 700)]
    for one in said:
        assert await outcome(clearers, one) == "given_back"
    await the_books_agree(till, third, *escrows)


async def test_paid_out_money_is_a_debt_only_as_far_as_the_contract_goes(
    till: Till, clearers: Clearers
) -> None:
    merchant = await till.merchant()
    escrow = await till.sold(merchant, 700)
    assert await till.open(merchant) is not None
    said = asked(escrow, 1)
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await refund(clearers, said)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "debt_limit_reached"
    assert await outcome(clearers, said) == "refused"
    assert not [call for call in clearers.bank.calls if call[1] == reference(escrow)]
    assert (await row(till, escrow)).refunded == 0


@pytest.mark.parametrize(
    ("fee_back", "posted"),
    [(True, [(2200, 2310, 495), (4100, 2310, 5)]), (False, [(2200, 2310, 500)])],
)
async def test_our_fee_goes_back_by_contract(
    till: Till, clearers: Clearers, *, fee_back: bool, posted: list[tuple[int, int, int]]
) -> None:
    merchant = await till.merchant(fee_back=fee_back)
    escrow = await till.sold(merchant, 1_000, fee=FeePolicy(bps=100))
    said = asked(escrow, 500)
    await refund(clearers, said)
    assert await outcome(clearers, said) == "given_back"
    assert await legs(till, escrow) == posted
    assert await till.owed(PAYABLE, merchant) == 990 - posted[0][2]
    await the_books_agree(till, escrow)


async def test_a_debt_is_recovered_before_the_next_payout(till: Till, clearers: Clearers) -> None:
    merchant = await till.merchant(debt_limit=500)
    escrow = await till.sold(merchant, 700)
    first = await till.open(merchant)
    assert first is not None
    said = asked(escrow, 500)
    await refund(clearers, said)
    await outcome(clearers, said)
    await till.sold(merchant, 800)
    second = await till.open(merchant, TOMORROW)
    assert second is not None
    assert second.amount == 300
    assert await till.owed(RECEIVABLE, merchant) == 0


async def test_what_the_bank_refuses_waits_for_a_person(till: Till, clearers: Clearers) -> None:
    escrow = await till.sold(await till.merchant(), 700)
    clearers.bank.refusals[reference(escrow)] = Declined("account_closed")
    suspense, transit = await till.books.owed(SUSPENSE), await till.books.owed(REFUND_IN_TRANSIT)
    said = asked(escrow, 300)
    await refund(clearers, said)
    assert await outcome(clearers, said) == "bank_refused"
    after = await row(till, escrow)
    assert (after.review, after.returning, after.refunded) == ("refund_refused", 0, 300)
    assert await till.books.owed(SUSPENSE) == suspense + 300
    assert await till.books.owed(REFUND_IN_TRANSIT) == transit
    await the_books_agree(till, escrow)
