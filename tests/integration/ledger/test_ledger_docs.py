"""docs/concepts/ledger.md says what is so."""

import inspect
import re

import pytest
from sqlalchemy import text

from domain import postings
from domain.accounts import CHART
from ledger.truths import TRUTHS
from tests.conftest import ROOT
from tests.integration.ledger.books import Books

PAGE = (ROOT / "docs/concepts/ledger.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
POSTINGS = [
    name
    for name, function in inspect.getmembers(postings, inspect.isfunction)
    if function.__module__ == postings.__name__ and name != "journal"
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split("\n")[0])
async def test_its_queries_run_as_the_application(books: Books, query: str) -> None:
    async with books.engine.connect() as connection:
        await connection.execute(text(query))


def test_it_lists_the_chart_of_accounts() -> None:
    for code, (name, kind, guard) in CHART.items():
        assert f"| {code.value} | `{name}` | {kind} | {guard.value} |" in PAGE


@pytest.mark.parametrize("name", POSTINGS)
def test_it_lists_every_posting(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_lists_every_daily_truth(truth: str) -> None:
    assert truth in PAGE.lower()
