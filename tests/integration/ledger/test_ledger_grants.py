"""What the application's own role may not do, and what not even the tables' owner may."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integration.ledger.books import Books

GROWING = ["transfer", "transition", "event", "seal"]
REWRITES = ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
COLUMN = {"transfer": "amount", "transition": "name", "event": "type", "seal": "hash"}


def rewrite(template: str, table: str) -> str:
    return template.format(table, COLUMN[table], COLUMN[table])


@pytest.mark.parametrize("table", GROWING)
@pytest.mark.parametrize("template", REWRITES)
async def test_history_cannot_be_rewritten_by_the_application(
    books: Books, table: str, template: str
) -> None:
    await books.paid()
    await denied(books.engine, rewrite(template, table), "permission denied")


@pytest.mark.parametrize("table", GROWING)
@pytest.mark.parametrize("template", REWRITES)
async def test_history_cannot_be_rewritten_by_the_owner_either(
    books: Books, owner_engine: AsyncEngine, table: str, template: str
) -> None:
    await books.paid()
    await denied(owner_engine, rewrite(template, table), "is append-only")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account SET credits = credits + 1",
        "UPDATE account SET guard = 'N'",
        "UPDATE account SET upto = '0'",
        "DELETE FROM account",
        "TRUNCATE account CASCADE",
        "INSERT INTO account (id, code, guard, owner, currency, credits)"
        " VALUES (gen_random_uuid(), 2100, 'C', 'me', 'EUR', 100)",
        "INSERT INTO chart VALUES (2101, 'mine', 'liability', 'N')",
        "UPDATE chart SET guard = 'N'",
        "INSERT INTO seal VALUES (99, '0', 0, '', '')",
        "INSERT INTO transfer (journal_id, leg, subject, sequence, name, debit_account,"
        " credit_account, currency, amount, event_at, xid)"
        " SELECT gen_random_uuid(), 1, 'me', 1, 'old', a.id, b.id, 'EUR', 1, now(), '1'"
        " FROM account a, account b",
        "INSERT INTO event (id, escrow_id, merchant_id, sequence, transition, type, body, at, xid)"
        " SELECT 'old', id, merchant_id, 2, 1, 'escrow.paid', '{}', now(), '1' FROM escrow",
    ],
)
async def test_balances_guards_and_order_are_out_of_the_applications_reach(
    books: Books, statement: str
) -> None:
    await denied(books.engine, statement, "permission denied")


@pytest.mark.parametrize("column", ["amount", "currency", "merchant_id", "terms", "created_at"])
async def test_what_was_agreed_stays(books: Books, column: str) -> None:
    await books.open()
    await denied(books.engine, f"UPDATE escrow SET {column} = {column}", "permission denied")  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE transfer DISABLE TRIGGER ALL",
        "ALTER TABLE transfer DISABLE TRIGGER transfer_guard",
        "ALTER TABLE account DROP CONSTRAINT account_credit_guard",
        "DROP TRIGGER transfer_guard ON transfer",
        "DROP FUNCTION transfer_guard() CASCADE",
        "SET session_replication_role = replica",
        "SET ROLE danbao_owner",
        "CREATE TABLE account_of_mine (id uuid)",
        "CREATE FUNCTION sha256(text) RETURNS bytea LANGUAGE sql AS 'SELECT null::bytea'",
        "CREATE TEMPORARY TABLE account (id uuid, guard text)",
    ],
)
async def test_guards_cannot_be_switched_off_or_fooled_by_the_application(
    books: Books, statement: str
) -> None:
    await denied(books.engine, statement, "permission denied|must be owner")


async def test_every_powerful_function_looks_names_up_in_our_schema_only(
    owner_engine: AsyncEngine,
) -> None:
    query = text("""
        SELECT proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
          AND NOT 'search_path=pg_catalog, public, pg_temp' = ANY (coalesce(proconfig, '{}'))
    """)
    async with owner_engine.connect() as connection:
        assert (await connection.execute(query)).all() == []


@pytest.mark.parametrize(
    "change", ["held = 0, refunded = funded", "status = 'disputed'", "version = version + 2"]
)
async def test_a_row_without_its_next_step_does_not_move(books: Books, change: str) -> None:
    paid = await books.paid()
    update = text(f"UPDATE escrow SET {change} WHERE id = :id")  # noqa: S608
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="only by its next transition"):
            await connection.execute(update, {"id": paid.terms.escrow_id})


async def test_a_row_moves_to_no_step_that_was_not_recorded(books: Books) -> None:
    paid = await books.paid()
    update = text("UPDATE escrow SET version = version + 1 WHERE id = :id")
    async with books.engine.connect() as connection:
        await connection.execute(update, {"id": paid.terms.escrow_id})
        with pytest.raises(IntegrityError, match="escrow_version"):
            await connection.commit()


EVENT = text(
    "INSERT INTO event (id, escrow_id, merchant_id, sequence, transition, type, body, at)"
    " VALUES (gen_random_uuid()::text, :id, 'me', :sequence, 1, 'escrow.paid', '{}', now())"
)


@pytest.mark.parametrize(
    ("sequence", "broken"), [(2, "event_sequence"), (4, "event_gapless"), (0, "event_positive")]
)
async def test_public_events_have_neither_gaps_nor_doubles(
    books: Books, sequence: int, broken: str
) -> None:
    paid = await books.paid()
    said = {"id": paid.terms.escrow_id, "sequence": sequence}
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match=broken):
            await connection.execute(EVENT, said)


async def test_the_next_public_event_is_the_one_that_fits(books: Books) -> None:
    paid = await books.paid()
    async with books.engine.connect() as connection:
        await connection.execute(EVENT, {"id": paid.terms.escrow_id, "sequence": 3})


async def test_a_step_comes_right_after_the_one_before(books: Books) -> None:
    paid = await books.paid()
    insert = text(
        "INSERT INTO transition (escrow_id, sequence, name, by, at, detail, hash)"
        " VALUES (:id, 5, 'shipped', 'merchant', now(), '{}', '')"
    )
    async with books.engine.connect() as connection:
        with pytest.raises(IntegrityError, match="transition_gapless"):
            await connection.execute(insert, {"id": paid.terms.escrow_id})


async def denied(engine: AsyncEngine, statement: str, why: str) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match=why):
            await connection.execute(text(statement))
