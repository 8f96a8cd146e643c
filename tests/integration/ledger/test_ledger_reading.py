"""What others read: balances of accounts never used, purchases that nobody started, unknown ids."""

from datetime import timedelta

from domain import events
from domain.accounts import Code
from ledger.reading import Balance
from tests import builders
from tests.builders import PRICE
from tests.integration.ledger.books import CURRENCY, Books, fresh

NOW = timedelta(0)


async def test_an_account_never_used_holds_nothing(books: Books) -> None:
    assert await books.reading.balance(fresh(Code.ESCROW), CURRENCY) == Balance(0, 0)


async def test_an_unknown_purchase_has_no_row_no_steps_no_events_and_no_legs(books: Books) -> None:
    reading = books.reading
    assert await reading.purchase("esc_nobody") is None
    assert await reading.timeline("esc_nobody") == []
    assert await reading.event("esc_nobody", 1) is None
    assert await reading.legs("esc_nobody") == []


async def test_a_purchase_is_unstarted_until_its_workflow_is_known_to_run(books: Books) -> None:
    escrow = await books.open()
    assert escrow.terms in await books.reading.unstarted(NOW, most=10_000)
    assert escrow.terms not in await books.reading.unstarted(timedelta(hours=1), most=10_000)
    await books.reading.mark_started(escrow.terms.escrow_id)
    assert escrow.terms not in await books.reading.unstarted(NOW, most=10_000)


async def test_the_first_moment_of_starting_stays(books: Books) -> None:
    escrow_id = (await books.open()).terms.escrow_id
    await books.reading.mark_started(escrow_id)
    first = await books.reading.purchase(escrow_id)
    await books.reading.mark_started(escrow_id)
    assert await books.reading.purchase(escrow_id) == first


async def test_a_payment_is_booked_when_its_money_is_in_the_books(books: Books) -> None:
    """Paid or underpaid; neither begun, declined, nor another attempt's."""
    paying = await books.record(await books.open(), builders.started())
    escrow_id = paying.terms.escrow_id
    assert not await books.book.booked(escrow_id, 1)
    less = events.PaymentMismatched(attempt=1, amount=PRICE - 1, frozen=False)
    again = await books.record(paying, less, builders.started())
    assert await books.book.booked(escrow_id, 1)
    assert not await books.book.booked(escrow_id, 2)
    await books.record(again, events.PaymentDeclined(attempt=2, code="risk"))
    assert not await books.book.booked(escrow_id, 2)
    assert await books.book.booked((await books.paid()).terms.escrow_id, 1)
    assert not await books.book.booked("esc_nobody", 1)
