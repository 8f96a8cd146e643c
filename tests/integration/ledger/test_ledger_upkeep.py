"""Checkpoints and seals: a late commit is never skipped, and what was tampered with shows."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.accounts import SUSPENSE, Account, Code
from ledger import upkeep
from ledger.book import POST, posting_parameters
from ledger.errors import InsufficientFunds
from ledger.keys import account_id
from ledger.port import Head
from ledger.upkeep import Upkeep
from tests.integration.ledger.books import CURRENCY, Books, fresh, posting


async def checkpoint(books: Books, account: Account) -> int:
    """What the account's row carries by itself, without its tail."""
    query = text("SELECT credits - debits FROM account WHERE id = :id")
    async with books.engine.connect() as connection:
        return int(await connection.scalar(query, {"id": account_id(account, CURRENCY)}) or 0)


async def sealed(books: Books) -> tuple[int, int]:
    """How many transfers the seals cover, and how many there are."""
    query = text("SELECT (SELECT sum(transfers) FROM seal), (SELECT count(*) FROM transfer)")
    async with books.engine.connect() as connection:
        covered, there = (await connection.execute(query)).one()
    return int(covered), there


async def test_a_rollup_changes_no_balance(books: Books) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    await books.post((merchant, SUSPENSE, 30))
    assert await checkpoint(books, merchant) == 0
    assert await Upkeep(books.engine).roll_up() > 0
    assert await checkpoint(books, merchant) == 70
    assert await books.owed(merchant) == 70
    await books.post((merchant, SUSPENSE, 70))
    assert await books.owed(merchant) == 0
    with pytest.raises(InsufficientFunds):
        await books.post((merchant, SUSPENSE, 1))


async def test_what_is_rolled_up_already_is_left_alone(books: Books) -> None:
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    await Upkeep(books.engine).roll_up()
    assert await Upkeep(books.engine).roll_up() == 0
    assert await books.owed(merchant) == 100


async def test_a_rollup_takes_small_steps_and_finishes(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    merchants = [await books.funded(fresh(Code.MERCHANT_PAYABLE), 5) for _ in range(5)]
    assert await Upkeep(books.engine).roll_up() >= 5
    assert [await checkpoint(books, merchant) for merchant in merchants] == [5] * 5


async def test_a_rollup_never_skips_a_late_commit(books: Books) -> None:
    """An older transaction that commits after the rollup is in the next one."""
    merchant = await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    async with books.engine.begin() as late:
        await post_uncommitted(late, (SUSPENSE, merchant, 7))
        await books.post((SUSPENSE, merchant, 20))
        await Upkeep(books.engine).roll_up()
        assert await checkpoint(books, merchant) == 100
        assert await books.owed(merchant) == 120
    assert await books.owed(merchant) == 127
    await Upkeep(books.engine).roll_up()
    assert await checkpoint(books, merchant) == 127
    assert await books.owed(merchant) == 127


async def test_seals_cover_every_transfer_once(books: Books) -> None:
    await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    before = await Upkeep(books.engine).seal()
    assert await Upkeep(books.engine).seal() == before
    await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    after = await Upkeep(books.engine).seal()
    assert after.no == before.no + 1
    covered, there = await sealed(books)
    assert covered == there
    assert await broken(books) == []


async def test_a_seal_never_skips_a_late_commit(books: Books) -> None:
    async with books.engine.begin() as late:
        await post_uncommitted(late, (SUSPENSE, fresh(Code.MERCHANT_PAYABLE), 7))
        await books.funded(fresh(Code.MERCHANT_PAYABLE), 20)
        await Upkeep(books.engine).seal()
        covered, there = await sealed(books)
        assert covered < there
    await Upkeep(books.engine).seal()
    covered, there = await sealed(books)
    assert covered == there
    assert await broken(books) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE transfer SET amount = amount + 1 WHERE journal_id = :journal",
        "UPDATE transfer SET debit_account = credit_account, credit_account = debit_account"
        " WHERE journal_id = :journal",
        "UPDATE transfer SET event_at = event_at - interval '1 microsecond'"
        " WHERE journal_id = :journal",
        "UPDATE transfer SET name = 'fee' WHERE journal_id = :journal",
        "UPDATE transfer SET journal_id = gen_random_uuid() WHERE journal_id = :journal",
        "UPDATE transfer SET leg = 2 WHERE journal_id = :journal",
        "DELETE FROM transfer WHERE journal_id = :journal",
        "INSERT INTO transfer SELECT gen_random_uuid(), leg, 'forged', 1, name, debit_account,"
        " credit_account, currency, amount, event_at, xid, created_at"
        " FROM transfer WHERE journal_id = :journal",
    ],
)
async def test_a_transfer_changed_after_its_seal_is_found(
    books: Books, superuser: AsyncEngine, tampering: str
) -> None:
    journal = posting((SUSPENSE, fresh(Code.MERCHANT_PAYABLE), 100))
    await books.book.post(journal)
    head = await Upkeep(books.engine).seal()
    said = {"journal": posting_parameters(journal)["new_journal_id"]}
    async with superuser.connect() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(tampering), said)
        assert await upkeep.broken_seals(connection) == [head.no]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE seal SET hash = sha256('x') WHERE no = :no", [0, 1]),
        ("UPDATE seal SET prev = sha256('x') WHERE no = :no", [0]),
        ("UPDATE seal SET transfers = transfers + 1 WHERE no = :no", [0]),
        ("DELETE FROM seal WHERE no = :no", [1]),
    ],
)
async def test_a_seal_changed_afterwards_is_found(
    books: Books, superuser: AsyncEngine, tampering: str, found: list[int]
) -> None:
    await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    tampered = await Upkeep(books.engine).seal()
    await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    await Upkeep(books.engine).seal()
    async with superuser.connect() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(tampering), {"no": tampered.no})
        broken_now = await upkeep.broken_seals(connection)
    assert broken_now == [tampered.no + later for later in found]


async def test_a_chain_written_anew_is_found_by_a_head_that_was_published(books: Books) -> None:
    """Somebody almighty can make a chain that fits; not one with a hash that we remember."""
    await books.funded(fresh(Code.MERCHANT_PAYABLE), 100)
    published = await Upkeep(books.engine).seal()
    ledger = Upkeep(books.engine)
    assert await ledger.broken(1, published) == []
    other = Head(published.no, published.hash[::-1])
    assert await ledger.broken(published.no, other) == [published.no]
    lost = Head(published.no + 1_000, published.hash)
    assert await ledger.broken(published.no, lost) == [lost.no]


async def broken(books: Books) -> list[int]:
    async with books.engine.connect() as connection:
        return await upkeep.broken_seals(connection)


async def post_uncommitted(
    connection: AsyncConnection, *legs: tuple[Account, Account, int]
) -> None:
    """What `Book.post` executes, on a connection that has a transaction of its own."""
    await connection.execute(POST, posting_parameters(posting(*legs)))
