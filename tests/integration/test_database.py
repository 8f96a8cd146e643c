"""What a pool of ours says when a statement fails, and what it asks of PostgreSQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.database import engine
from tests.conftest import Database

BUYER = "li.lei@home.example"


async def test_an_error_says_the_statement_and_nothing_of_the_buyer(database: Database) -> None:
    pool = engine(database.app_url, pool_size=1)
    refused = text("SELECT set_config('no such setting', :buyer, false)")
    try:
        async with pool.connect() as connection:
            with pytest.raises(DBAPIError) as failed:
                await connection.execute(refused, {"buyer": BUYER})
    finally:
        await pool.dispose()
    assert "no such setting" in str(failed.value)
    assert BUYER not in str(failed.value)


async def test_who_vanishes_in_a_transaction_does_not_keep_its_locks(database: Database) -> None:
    pool = engine(database.app_url, pool_size=1)
    try:
        async with pool.connect() as connection:
            shown = await connection.execute(text("SHOW idle_in_transaction_session_timeout"))
            assert shown.scalar_one() == "1min"
    finally:
        await pool.dispose()
