"""What merchants owe, by its age: recovered is what was owed first."""

from datetime import UTC, datetime, timedelta

from rich.console import Console

from clearing.debts import Ages, Debt, ages, debts
from domain.accounts import SUSPENSE, Account, Code, Leg
from ledger.port import Posting
from runtime.audit import Found, look, show
from tests.builders import DAY
from tests.integration.clearing.till import Till

NOW = datetime.now(UTC)


async def owes(till: Till, merchant: str, *said: tuple[int, int]) -> None:
    """(amount, days ago): a debt, or below 0 what was recovered."""
    receivable = Account(Code.MERCHANT_RECEIVABLE, merchant)
    for number, (amount, days) in enumerate(said, 1):
        debit, credit = (receivable, SUSPENSE) if amount > 0 else (SUSPENSE, receivable)
        leg = Leg(debit, credit, abs(amount))
        at = NOW - days * DAY
        await till.post(Posting(f"debt:{merchant}", number, "test", at, "EUR", (leg,)))


async def of(till: Till, merchant: str) -> list[tuple[int, int]]:
    async with till.engine.connect() as connection:
        found = await debts(connection)
    return [(debt.owed, debt.days) for debt in found if debt.merchant_id == merchant]


async def test_what_was_recovered_paid_the_oldest_first(till: Till) -> None:
    merchant = await till.merchant()
    await owes(till, merchant, (500, 100), (300, 40), (200, 3), (-600, 1))
    assert await of(till, merchant) == [(200, 40), (200, 3)]


async def test_who_owes_nothing_any_more_is_none_of_them(till: Till) -> None:
    merchant = await till.merchant()
    await owes(till, merchant, (500, 100), (-500, 1))
    assert await of(till, merchant) == []


def test_a_debt_is_counted_by_its_age_to_the_day() -> None:
    since = NOW - timedelta(days=1)
    days = (0, 7, 8, 30, 31, 90, 91)
    found = [Debt("mer_1", "EUR", 10**place, since, age) for place, age in enumerate(days)]
    assert ages(found) == {"EUR": Ages(11, 1_100, 110_000, 1_000_000)}
    assert ages(found)["EUR"].owed == 1_111_111


async def test_the_audit_says_how_old_debts_are(till: Till) -> None:
    merchant = await till.merchant()
    await owes(till, merchant, (500, 100))
    found = await look(till.engine)
    assert found.debts["EUR"].older >= 500
    assert found.as_json()["debts"]["EUR"]["older"] >= 500
    console = Console(record=True, width=200)
    show(Found({}, {}, [], [], debts={"EUR": Ages(week=5, older=500)}), console)
    assert "Merchants owe 5.05 EUR: 0.05 EUR for up to a week" in console.export_text()
