"""What a pool of ours does not say when a statement fails."""

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
