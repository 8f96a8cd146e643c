"""The daily truths as operators ask for them, and each of clearing's shows what breaks it."""

import pytest
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from clearing.port import PayoutState
from clearing.truths import TRUTHS
from ledger.port import Breach
from ledger.truths import breaches
from ledger.upkeep import Upkeep
from runtime.audit import Found, asked, head_of, look, show
from runtime.database import engine as pool
from runtime.embedded.postgres import SUPERUSER, PostgresServer
from tests.integration.clearing.till import Till

BREAKS = {
    "a payout is the sum of its lines": "DELETE FROM payout_line WHERE payout_id = :payout",
    "money in transit is that of the payouts under way":
        "UPDATE payout SET state = 'failed' WHERE id = :payout",
}  # fmt: skip


async def test_books_with_payouts_of_every_kind_are_as_they_must_be(till: Till) -> None:
    async with till.engine.connect() as connection:
        before = await breaches(connection, TRUTHS)
    steps = (PayoutState.SENT, PayoutState.SETTLED, PayoutState.RETURNED)
    for number in range(4):
        merchant = await till.merchant()
        payout = await till.paid_out(merchant)
        for state in steps[:number]:
            await till.move(payout, state)
    merchant = await till.merchant()
    await till.move(await till.paid_out(merchant), PayoutState.FAILED, "risk")
    async with till.engine.connect() as connection:
        assert await breaches(connection, TRUTHS) == before == []


@pytest.mark.parametrize("truth", TRUTHS)
async def test_each_truth_finds_what_breaks_it(
    till: Till, postgres: PostgresServer, truth: str
) -> None:
    payout = await till.paid_out(await till.merchant())
    almighty = pool(postgres.url("danbao", SUPERUSER), pool_size=1)
    async with almighty.connect() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(BREAKS[truth]), {"payout": payout.id})
        found = await breaches(connection, TRUTHS)
    await almighty.dispose()
    assert truth in {one.truth for one in found}


async def test_the_audit_reads_everything_in_one_look(engine: AsyncEngine, till: Till) -> None:
    await till.paid_out(await till.merchant())
    found = await look(engine)
    assert found.balance["EUR"] == 0
    cash, owed = found.cover["EUR"]
    assert cash != 0
    assert owed != 0
    assert found.as_json()["ok"] is found.fine


async def test_the_books_still_hold_a_head_that_was_published(engine: AsyncEngine) -> None:
    """What the audit prints is what it takes back, after whatever was sealed since."""
    found = await look(engine)
    published = head_of(found.head)
    await Upkeep(engine).seal()
    assert (await look(engine, published)).broken_seals == found.broken_seals


@pytest.mark.parametrize("other", [("0", "0" * 64), ("999999999", "a" * 64)])
async def test_books_that_hold_another_head_are_found_out(
    engine: AsyncEngine, other: tuple[str, str]
) -> None:
    """A chain that was written anew, and one whose end was cut off."""
    said = asked(["--seal", ":".join(other)])
    found = await look(engine, said.seal)
    assert int(other[0]) in found.broken_seals
    assert not found.fine


@pytest.mark.parametrize("wrong", ["", "7", "7:abc", "x:" + "a" * 64, "7:" + "a" * 65])
def test_what_can_be_no_head_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(["--json", "--seal", wrong])
    assert ended.value.code == 2
    assert "--seal" in capsys.readouterr().err


def test_what_is_not_true_is_said_and_makes_it_fail() -> None:
    wrong = Breach("both sides are equal", "EUR", "is apart by 7")
    found = Found({"EUR": 7}, {"EUR": (100, 107)}, [wrong], [3], "4:" + "b" * 64)
    console = Console(record=True, width=200)
    show(found, console)
    said = console.export_text()
    assert not found.fine
    assert "NOT TRUE: both sides are equal: EUR is apart by 7" in said
    assert "NOT TRUE: seal 3" in said
    assert "The newest seal is 4:bbbb" in said
    assert Found({"EUR": 0}, {}, [], []).fine
