"""One transition is one transaction: legs, row and public events, together and once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import events
from domain.accounts import Code, Leg
from domain.states import Party
from domain.terms import FeePolicy
from ledger.book import open_escrow
from ledger.keys import event_id
from ledger.port import LedgerConflict, Row, Transition
from tests import builders
from tests.builders import NOON, PRICE
from tests.integration.ledger.books import Books, names, posting, step


async def test_a_new_purchase_has_its_row_its_first_step_and_its_first_event(books: Books) -> None:
    escrow = await books.open()
    purchase = await books.reading.purchase(escrow.terms.escrow_id)
    assert purchase is not None
    assert (purchase.terms, purchase.version) == (escrow.terms, 1)
    assert purchase.row == Row.of(escrow)
    [first] = await books.reading.timeline(escrow.terms.escrow_id)
    assert (first.happened.name, first.happened.by) == ("created", "merchant")
    assert first.told == ("escrow.created",)


async def test_a_purchase_that_is_not_committed_was_never_opened(books: Books) -> None:
    async with books.engine.connect() as connection:
        await open_escrow(connection, builders.opened(escrow_id="esc_never"))
    assert await books.reading.purchase("esc_never") is None


async def test_the_whole_story_of_a_purchase(books: Books) -> None:
    """Every step moves the row; released money is the merchant's, less our fee."""
    paid = await books.paid(fee=FeePolicy(bps=60))
    shipped = await books.record(paid, events.Shipped(carrier="SF", tracking="1"))
    done = await books.record(shipped, events.ReceiptConfirmed())
    escrow_id = done.terms.escrow_id
    purchase = await books.reading.purchase(escrow_id)
    assert purchase is not None
    assert (purchase.row, purchase.version) == (Row.of(done), 5)
    steps = await books.reading.timeline(escrow_id)
    assert names(steps) == [
        "created", "payment_started", "payment_succeeded", "shipped", "receipt_confirmed",
    ]  # fmt: skip
    assert [told for one in steps for told in one.told] == [
        "escrow.created", "escrow.paid", "escrow.shipped", "escrow.confirmed", "escrow.released",
    ]  # fmt: skip
    legs = await books.reading.legs(escrow_id)
    assert [(leg.sequence, leg.debit.code, leg.credit.code, leg.amount) for leg in legs] == [
        (3, Code.BANK_CLEARING, Code.ESCROW, PRICE),
        (5, Code.ESCROW, Code.MERCHANT_PAYABLE, PRICE - 60),
        (5, Code.ESCROW, Code.FEE, 60),
    ]
    assert await books.owed(done.accounts.held) == 0
    assert await books.owed(done.accounts.payable) == PRICE - 60


async def test_the_event_says_how_the_purchase_stands_after_it(books: Books) -> None:
    paid = await books.paid(order_id="order-7")
    escrow_id = paid.terms.escrow_id
    event = await books.reading.event(escrow_id, 2)
    assert event is not None
    assert (event.merchant_id, event.type) == (paid.terms.merchant_id, "escrow.paid")
    assert event.id == event_id(escrow_id, 2)
    assert event.body == {
        "type": "escrow.paid",
        "timestamp": "2026-03-02T12:00:00Z",
        "data": {
            "id": event.id,
            "sequence": 2,
            "escrow": {
                "id": escrow_id,
                "order_id": "order-7",
                "status": "awaiting_shipment",
                "amount": PRICE,
                "currency": "EUR",
                "funded": PRICE,
                "held": PRICE,
                "disputed": 0,
                "released": 0,
                "refunded": 0,
                "returning": 0,
                "deadline": "2026-03-09T12:00:00Z",
                "version": 3,
            },
            "detail": {"attempt": 1, "amount": PRICE, "capture_before": None},
        },
    }
    assert await books.reading.event(escrow_id, 3) is None


async def test_the_same_step_again_changes_nothing(books: Books) -> None:
    paying = await books.record(await books.open(), builders.started())
    paid = builders.succeeded(paying)
    assert await books.stored(paying, paid) is None
    assert await books.stored(paying, paid) is None
    assert await books.owed(paying.accounts.held) == PRICE
    assert await books.count("transition", paying.terms.escrow_id) == 3


async def test_a_step_long_past_is_still_known(books: Books) -> None:
    opened = await books.open()
    await books.record(opened, builders.started(), events.Cancelled(by=Party.BUYER))
    assert await books.stored(opened, builders.started()) is None


async def test_the_same_step_from_32_callers_at_once_is_stored_once(crowd: Books) -> None:
    paying = await crowd.record(await crowd.open(), builders.started())
    paid = builders.succeeded(paying)
    answers = await asyncio.gather(*(crowd.stored(paying, paid) for _ in range(32)))
    assert answers == [None] * 32
    assert await crowd.owed(paying.accounts.held) == PRICE
    assert await crowd.count("event", paying.terms.escrow_id) == 2


async def test_of_different_steps_with_one_number_one_wins_and_the_others_hear_it(
    crowd: Books,
) -> None:
    shipped = await crowd.record(await crowd.paid(), events.Shipped())
    confirm, refund = events.ReceiptConfirmed(), builders.refund(PRICE)
    lapse = events.InspectionLapsed()
    rivals = [confirm, refund, lapse] * 8
    answers = await asyncio.gather(*(crowd.stored(shipped, event) for event in rivals))
    won = {event.name for event, answer in zip(rivals, answers, strict=True) if answer is None}
    lost = {answer.name for answer in answers if answer is not None}
    assert len(won) == 1
    assert lost == won
    assert await crowd.owed(shipped.accounts.held) == 0


async def test_a_number_taken_by_another_step_is_answered_with_what_was_stored(
    books: Books,
) -> None:
    shipped = await books.record(await books.paid(), events.Shipped())
    later = NOON + timedelta(seconds=5)
    assert await books.stored(shipped, builders.refund(40)) is None
    stored = await books.stored(shipped, events.ReceiptConfirmed(), later)
    assert stored is not None
    assert stored.event() == builders.refund(40)
    assert stored.at == NOON
    assert await books.owed(shipped.accounts.payable) == 0


async def test_the_same_step_at_another_moment_is_answered_with_the_first_moment(
    books: Books,
) -> None:
    opened = await books.open()
    await books.record(opened, builders.started())
    stored = await books.stored(opened, builders.started(), NOON + timedelta(seconds=1))
    assert stored is not None
    assert (stored.event(), stored.at) == (builders.started(), NOON)


async def test_a_step_knows_the_command_that_asked_for_it(books: Books) -> None:
    """The same event at another command's wish is another step."""
    opened = await books.open()
    moved = opened.after(builders.started(), NOON)
    assert await books.book.record(Transition.of(moved, "command-1")) is None
    assert await books.book.record(Transition.of(moved, "command-1")) is None
    for stored in (
        await books.book.record(Transition.of(moved, "command-2")),
        await books.book.step(opened.terms.escrow_id, 2),
    ):
        assert stored is not None
        assert stored.command == "command-1"


async def test_a_step_out_of_order_is_refused(books: Books) -> None:
    opened = await books.open()
    paying = builders.after(opened, builders.started())
    with pytest.raises(LedgerConflict, match="out of order"):
        await books.stored(paying, builders.succeeded(paying))
    assert await books.count("transition", opened.terms.escrow_id) == 1


async def test_a_purchase_that_was_never_opened_has_no_steps(books: Books) -> None:
    with pytest.raises(LedgerConflict, match="out of order"):
        await books.stored(builders.opened(escrow_id="esc_unknown"), builders.started())


async def test_a_step_whose_journal_id_has_other_legs_is_refused_whole(books: Books) -> None:
    paying = await books.record(await books.open(), builders.started())
    paid = step(paying, builders.succeeded(paying))
    squatter = Leg(paying.accounts.clearing, paying.accounts.held, 1)
    await books.book.post(replace(posting(), subject=paid.escrow_id, sequence=3, legs=(squatter,)))
    with pytest.raises(LedgerConflict, match="other legs"):
        await books.book.record(paid)
    purchase = await books.reading.purchase(paid.escrow_id)
    assert purchase is not None
    assert purchase.version == 2
