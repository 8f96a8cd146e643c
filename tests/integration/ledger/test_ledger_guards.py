"""No account is overdrawn, however many try at once and by whatever door."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import SUSPENSE, Account, Code
from ledger.errors import InsufficientFunds
from ledger.keys import account_id
from tests.integration.ledger.books import CURRENCY, Books, fresh, posting

GUARDED = [
    pytest.param(Code.ESCROW, id="C, an escrow"),
    pytest.param(Code.MERCHANT_RECEIVABLE, id="D, a merchant's debt"),
    pytest.param(Code.MERCHANT_PAYABLE, id="S, a merchant"),
]


def taking(account: Account, amount: int) -> tuple[Account, Account, int]:
    """The leg that takes from what the account's guard protects."""
    if account.code is Code.MERCHANT_RECEIVABLE:
        return SUSPENSE, account, amount
    return account, SUSPENSE, amount


@pytest.mark.parametrize("code", GUARDED)
async def test_of_400_takers_of_a_balance_of_100_exactly_100_get_one(
    crowd: Books, code: Code
) -> None:
    account = await crowd.funded(fresh(code), 100)
    answers = await asyncio.gather(
        *(crowd.post(taking(account, 1)) for _ in range(400)), return_exceptions=True
    )
    assert answers.count(None) == 100
    assert sum(isinstance(answer, InsufficientFunds) for answer in answers) == 300
    assert await crowd.owed(account) == 0


@pytest.mark.parametrize("code", GUARDED)
async def test_a_refused_journal_leaves_none_of_its_legs(books: Books, code: Code) -> None:
    account, bystander = await books.funded(fresh(code), 100), fresh(Code.MERCHANT_PAYABLE)
    journal = posting((SUSPENSE, bystander, 5), taking(account, 101))
    with pytest.raises(InsufficientFunds):
        await books.book.post(journal)
    assert await books.reading.legs(journal.subject) == []
    assert await books.owed(bystander) == 0
    assert abs(await books.owed(account)) == 100


async def test_a_journal_may_fill_an_account_before_it_empties_it(books: Books) -> None:
    """The guard looks at what the whole journal leaves, not at the order of its legs."""
    held = fresh(Code.ESCROW)
    await books.post((held, SUSPENSE, 60), (SUSPENSE, held, 60))
    assert await books.owed(held) == 0


async def test_credits_to_a_merchant_never_wait_for_a_debit_under_way(crowd: Books) -> None:
    merchant = await crowd.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    async with crowd.engine.begin() as connection:
        await transfer(connection, merchant, SUSPENSE, 30)
        await asyncio.wait_for(crowd.post((SUSPENSE, merchant, 1)), timeout=20)
    assert await crowd.owed(merchant) == 71


async def test_transfers_back_and_forth_between_guarded_accounts_never_deadlock(
    crowd: Books,
) -> None:
    here = await crowd.funded(fresh(Code.MERCHANT_PAYABLE), 1_000)
    there = await crowd.funded(fresh(Code.MERCHANT_RESERVE), 1_000)
    held = await crowd.funded(fresh(Code.ESCROW), 1_000)
    ways = [(here, there), (there, here), (held, here), (here, held), (there, held)]
    await asyncio.gather(*(crowd.post((*ways[n % 5], 1)) for n in range(300)))
    owed = [await crowd.owed(account) for account in (here, there, held)]
    assert sum(owed) == 3_000


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_a_merchant_is_debited_only_by_who_sees_the_debits_before(
    books: Books, isolation: str
) -> None:
    """A transaction that keeps to an old snapshot would overdraw the account in good faith."""
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    other = books.engine.execution_options(isolation_level=isolation)
    async with other.connect() as late:
        with pytest.raises(DBAPIError, match="READ COMMITTED only"):
            await transfer(late, merchant, SUSPENSE, 1)


async def test_currencies_cannot_be_mixed(books: Books) -> None:
    """Not by the account of one and the currency of the other, in either direction."""
    euro = await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    for debit, credit in ((euro, SUSPENSE), (SUSPENSE, euro)):
        async with books.engine.connect() as connection:
            with pytest.raises(IntegrityError, match="_account"):
                await transfer(connection, debit, credit, 1, currency="CNY")


async def test_an_account_cannot_be_opened_with_another_guard(books: Books) -> None:
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="account_chart"):
            await open_account(connection, fresh(Code.ESCROW), "N")


async def test_an_account_that_is_not_in_the_chart_cannot_be_opened(books: Books) -> None:
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="account_chart"):
            await connection.execute(
                OPEN, {"id": "a" * 32, "code": 6666, "guard": "N", "owner": ""}
            )


async def test_an_account_has_one_id(books: Books) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 1)
    twin = {"id": "b" * 32, "code": 2200, "guard": "S", "owner": merchant.owner}
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="account_code_owner_currency"):
            await connection.execute(OPEN, twin)


@pytest.mark.parametrize("amount", [0, -1])
async def test_amounts_are_positive(books: Books, amount: int) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 1)
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="transfer_amount"):
            await transfer(connection, SUSPENSE, merchant, amount)


async def test_no_account_pays_itself(books: Books) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 1)
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="transfer_two_accounts"):
            await transfer(connection, merchant, merchant, 1)


async def test_a_journal_that_is_there_gets_no_further_leg(books: Books) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 1)
    async with books.engine.connect() as connection:
        await transfer(connection, SUSPENSE, merchant, 1)
        with pytest.raises(IntegrityError, match="whole and once"):
            await transfer(connection, SUSPENSE, merchant, 1, leg=2)


OPEN = text(
    "INSERT INTO account (id, code, guard, owner, currency)"
    " VALUES (CAST(:id AS uuid), :code, :guard, :owner, 'EUR')"
)

_TRANSFER = text(
    "INSERT INTO transfer (journal_id, leg, subject, sequence, name, debit_account,"
    " credit_account, currency, amount, event_at)"
    " VALUES (md5(:subject)::uuid, :leg, :subject, 1, 'by hand', :debit, :credit, :currency,"
    " :amount, now())"
)


async def transfer(
    connection: AsyncConnection,
    debit: Account,
    credit: Account,
    amount: int,
    *,
    leg: int = 1,
    currency: str = CURRENCY,
) -> None:
    """One leg by plain SQL, as anybody with the application's password could write it."""
    said = {
        "subject": f"{debit.owner}{credit.owner}",
        "leg": leg,
        "debit": account_id(debit, CURRENCY),
        "credit": account_id(credit, CURRENCY),
        "currency": currency,
        "amount": amount,
    }
    await connection.execute(_TRANSFER, said)


async def open_account(connection: AsyncConnection, account: Account, guard: str) -> None:
    said = {"id": str(account_id(account, CURRENCY)), "code": account.code.value}
    await connection.execute(OPEN, said | {"guard": guard, "owner": account.owner})
