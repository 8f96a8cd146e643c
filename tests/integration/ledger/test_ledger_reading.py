"""What others read: balances of accounts never used, purchases that nobody started, unknown ids."""

from datetime import timedelta

from domain.accounts import Code
from ledger.reading import Balance
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
