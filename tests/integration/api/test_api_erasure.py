"""A buyer is forgotten: keys destroyed, the address gone, the ledger as it was."""

import asyncio
import contextlib
import inspect
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowHistory

from api.erasure import KINDS, NoSuchPurchase, NotEnded, StillUnderWay, erase
from api.evidence import book
from api.evidence.files import Files
from banks.port import Closed, Deducted, Pending
from runtime.embedded.places import inherited
from runtime.settings import Settings
from tests.conftest import ROOT, Database, Temporal
from tests.integration.api.complaint import complain, evidence, png, say, show
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop, order, token_of
from tests.workflows.parts import ScriptedBank
from vault.codec import PurchaseCodec
from vault.errors import Erased
from vault.keys import Keys
from workflows import names
from workflows.late import LatePaymentOrder
from workflows.names import late_payment_id

NOW = timedelta(0)
NOWHERE = Files(Path("nowhere"))
EMAIL = "forget-me@example.com"


async def cancelled(shop: Shop, temporal: Temporal, key: str = "create") -> str:
    """A purchase that has ended, created under `key`."""
    body = order(buyer={"email": EMAIL})
    escrow = (await shop.post("/v1/escrows", body, key=key)).json()
    answer = await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    assert answer.status_code == 200, answer.text
    await temporal.client.get_workflow_handle(escrow["id"]).result()
    return str(escrow["id"])


async def erased(owner: AsyncEngine, temporal: Temporal, escrow_id: str) -> int:
    """Temporal's list of what runs is a moment behind."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await erase(owner, temporal.client, NOWHERE, escrow_id, patience=NOW)
            except StillUnderWay:
                await asyncio.sleep(0.2)


async def decode(
    temporal: Temporal, engine: AsyncEngine, settings: Settings, history: WorkflowHistory
) -> None:
    """What a process does that was started just now."""
    started = history.events[0].workflow_execution_started_event_attributes
    await PurchaseCodec(Keys(engine, settings.ring)).decode(started.input.payloads)


async def test_what_temporal_holds_can_never_be_read_again(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
    settings: Settings,
) -> None:
    escrow_id = await cancelled(shop, temporal)
    history = await temporal.client.get_workflow_handle(escrow_id).fetch_history()
    await decode(temporal, engine, settings, history)
    before = await books(engine, escrow_id)
    assert await erased(owner_engine, temporal, escrow_id) == 1
    with pytest.raises(Erased):
        await decode(temporal, engine, settings, history)
    assert await books(engine, escrow_id) == before
    assert await erased(owner_engine, temporal, escrow_id) == 0


async def books(engine: AsyncEngine, escrow_id: str) -> list[str]:
    """The purchase's row, its steps and what merchants heard, word for word."""
    async with engine.connect() as connection:
        return [
            str(row)
            for table, column in (
                ("escrow", "id"),
                ("transition", "escrow_id"),
                ("event", "escrow_id"),
            )
            for row in await connection.execute(
                text(f"SELECT * FROM {table} WHERE {column} = :id"),  # noqa: S608
                {"id": escrow_id},
            )
        ]


async def test_the_address_is_gone_from_every_row_and_answer(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
) -> None:
    escrow_id = await cancelled(shop, temporal, key="asked-again")
    assert (await shop.get(f"/v1/escrows/{escrow_id}")).json()["buyer"] == {"email": EMAIL}
    await erased(owner_engine, temporal, escrow_id)
    assert (await shop.get(f"/v1/escrows/{escrow_id}")).json()["buyer"] == {"email": None}
    again = await shop.post("/v1/escrows", order(buyer={"email": EMAIL}), key="asked-again")
    assert (again.status_code, again.json()["id"]) == (201, escrow_id)
    assert again.json()["buyer"] == {"email": None}
    listed = (await shop.get("/v1/escrows")).json()["data"]
    assert [one["buyer"]["email"] for one in listed] == [None]


async def test_a_purchase_that_has_not_ended_keeps_everything(
    shop: Shop, temporal: Temporal, owner_engine: AsyncEngine, teller: ScriptedBank
) -> None:
    escrow = await paid(shop, teller, temporal)
    with pytest.raises(NotEnded, match="awaiting_shipment"):
        await erase(owner_engine, temporal.client, NOWHERE, escrow["id"], patience=NOW)
    shown = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    assert shown["buyer"] == escrow["buyer"]
    async with owner_engine.connect() as connection:
        query = text("SELECT retired_at FROM purchase_key WHERE escrow_id = :id")
        assert await connection.scalar(query, {"id": escrow["id"]}) is None


async def test_what_was_said_and_shown_is_gone_and_the_chain_holds(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
    settings: Settings,
) -> None:
    escrow = await complain(shop, await shipped(shop, teller, temporal), amount=12900)
    said = (await say(shop, escrow, "I am Li Lei.", key="said", token=token_of(escrow))).json()
    photo = (await show(shop, escrow, png(), "Li Lei.png", token=token_of(escrow))).json()
    folder = settings.evidence_dir / escrow["id"]
    # What a crash between the file and its row has left.
    await asyncio.to_thread((folder / ("0" * 64)).write_bytes, b"Li Lei")
    await shop.post(f"/v1/escrows/{escrow['id']}/dispute/answer", {"answer": "accept"})
    await temporal.client.get_workflow_handle(escrow["id"]).result()

    files = Files(settings.evidence_dir)
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(StillUnderWay):
                await erase(owner_engine, temporal.client, files, escrow["id"], patience=NOW)
                break
            await asyncio.sleep(0.2)

    assert not await asyncio.to_thread(folder.exists)
    for one in (said, photo):
        gone = await shop.get(evidence(escrow, one["id"]))
        assert (gone.status_code, gone.json()["code"]) == (410, "evidence_erased")
    left = (await shop.get(evidence(escrow))).json()["data"]
    blank = {"text": None, "filename": None, "erased": True}
    assert left == [said | blank, photo | blank]
    assert await book.verify(engine, escrow["id"]) is None
    async with engine.connect() as connection:
        kept = text("SELECT count(*) FROM idempotency WHERE body LIKE '%Li Lei%'")
        assert await connection.scalar(kept) == 0
    again = await say(shop, escrow, "I am Li Lei.", key="said", token=token_of(escrow))
    assert again.json()["code"] == "no_dispute_open"


@pytest.mark.parametrize("escrow_id", ["esc_" + "0" * 32, "", "' OR 1 = 1"])
async def test_there_is_nothing_to_erase_of_what_is_not_there(
    temporal: Temporal, owner_engine: AsyncEngine, escrow_id: str
) -> None:
    with pytest.raises(NoSuchPurchase):
        await erase(owner_engine, temporal.client, NOWHERE, escrow_id, patience=NOW)


async def test_while_late_money_is_looked_into_the_key_stays(
    shop: Shop, temporal: Temporal, owner_engine: AsyncEngine, teller: ScriptedBank
) -> None:
    escrow_id = await cancelled(shop, temporal)
    reference = f"{escrow_id}:payment:1"
    teller.truths[reference] = Pending()
    await shop.doors.trade.start_late(late(shop, escrow_id, reference))
    await listed(temporal, f"WorkflowId = '{late_payment_id(reference)}'")
    with pytest.raises(StillUnderWay, match=f"late:{reference}"):
        await erase(owner_engine, temporal.client, NOWHERE, escrow_id, patience=NOW)
    teller.truths[reference] = Closed()
    looked = temporal.client.get_workflow_handle(late_payment_id(reference))
    assert await looked.result() == "nothing_paid"
    assert await erased(owner_engine, temporal, escrow_id) == 1


def late(shop: Shop, escrow_id: str, reference: str) -> LatePaymentOrder:
    return LatePaymentOrder(escrow_id, shop.id, "sandbox", reference, "CNY")


async def listed(temporal: Temporal, query: str) -> None:
    """Temporal's list is a moment behind."""
    async with asyncio.timeout(20):
        while True:
            if (await temporal.client.count_workflows(query)).count:
                return
            await asyncio.sleep(0.1)


async def test_money_that_comes_after_the_erasure_goes_back_under_a_new_key(
    shop: Shop,
    temporal: Temporal,
    engine: AsyncEngine,
    owner_engine: AsyncEngine,
    settings: Settings,
    teller: ScriptedBank,
) -> None:
    escrow_id = await cancelled(shop, temporal)
    await erased(owner_engine, temporal, escrow_id)
    reference = f"{escrow_id}:payment:1"
    teller.truths[reference] = Deducted(12900)
    # By a process that does not remember the key that was destroyed.
    codec = PurchaseCodec(Keys(engine, settings.ring))
    client = await temporal.server.client("later", codec)
    await type(shop.doors.trade)(client).start_late(late(shop, escrow_id, reference))
    handle = client.get_workflow_handle(late_payment_id(reference))
    assert await handle.result() == "given_back"
    await decode(temporal, engine, settings, await handle.fetch_history())
    assert await erased(owner_engine, temporal, escrow_id) == 1


async def test_an_erasure_that_was_interrupted_is_finished_by_the_next(
    shop: Shop, temporal: Temporal, owner_engine: AsyncEngine, teller: ScriptedBank
) -> None:
    escrow_id = await cancelled(shop, temporal)
    await listed(temporal, f"WorkflowId = '{escrow_id}' AND ExecutionStatus = 'Completed'")
    erasing = erase(owner_engine, temporal.client, NOWHERE, escrow_id, patience=timedelta(hours=1))
    interrupted = asyncio.create_task(erasing)
    async with asyncio.timeout(30):
        path = f"/v1/escrows/{escrow_id}"
        while (await shop.get(path)).json()["buyer"] != {"email": None}:  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.02)
    interrupted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await interrupted
    assert await erased(owner_engine, temporal, escrow_id) == 1


def test_every_kind_of_workflow_of_a_purchase_is_looked_for() -> None:
    makers = [
        maker
        for name, maker in inspect.getmembers(names, inspect.isfunction)
        if name.endswith("_id") and maker.__module__ == names.__name__
    ]
    # Payouts, their files, a clearing day, a bank's day are no purchase's: no buyer is in them.
    others = (
        names.payout_id,
        names.batch_workflow_id,
        names.clearing_id,
        names.reconciliation_id,
    )
    makers = [maker for maker in makers if maker not in others]
    made = [
        maker("esc_1", *["2"] * (len(inspect.signature(maker).parameters) - 1)) for maker in makers
    ]
    assert {one.partition(":")[0] for one in made} == set(KINDS)


@pytest_asyncio.fixture
async def unpaid(shop: Shop) -> str:
    return str((await shop.create())["id"])


def test_the_operators_command_refuses_in_words(
    unpaid: str, database: Database, temporal: Temporal
) -> None:
    environment = {
        **inherited(os.environ),
        "DANBAO_MIGRATION_URL": database.owner_url,
        "DANBAO_EVIDENCE_DIR": "nowhere",
        "TEMPORAL_ADDRESS": temporal.address,
    }
    refused = subprocess.run(
        [sys.executable, "-m", "api.erasure", unpaid],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert f"not_ended: {unpaid} has not ended" in refused.stderr
    assert refused.stdout == ""
