"""What banks report: believed only when signed and fresh, passed on once, never a fact."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from temporalio.client import Client
from temporalio.service import RPCError

from banks.callbacks import sign
from banks.port import Deducted, Returned
from banks.tables import BankEvent
from tests.conftest import Temporal
from tests.integration.api.course import CHOICE, until
from tests.integration.api.shop import Shop, token_of
from tests.integration.clearing.till import Till
from tests.workflows.parts import ScriptedBank
from workflows.names import ESCROW_QUEUE, late_payment_id, payout_id
from workflows.payout import PayoutWorkflow

PATH = "/v1/banks/sandbox/callbacks"


class Callbacks:
    """The bank, calling back."""

    def __init__(self, shop: Shop) -> None:
        self.http = shop.http
        self._secret = shop.doors.settings.bank_callback_secret.get_secret_value()

    async def send(
        self,
        said: object,
        *,
        ago: timedelta = timedelta(0),
        secret: str = "",
        path: str = PATH,
        signature: str | None = None,
    ) -> httpx2.Response:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        at = str(int((datetime.now(UTC) - ago).timestamp()))
        signed = f"t={at},v1={sign(at, body, secret or self._secret)}"
        headers = {"Bank-Signature": signed if signature is None else signature}
        return await self.http.post(path, content=body, headers=headers)

    async def report(self, reference: str, event_id: str = "") -> httpx2.Response:
        return await self.send({"event_id": event_id or uuid4().hex, "reference": reference})


@pytest.fixture
def callbacks(shop: Shop) -> Callbacks:
    return Callbacks(shop)


async def paying(shop: Shop) -> tuple[dict[str, Any], str]:
    """A purchase whose buyer is at the bank, and the payment's reference."""
    escrow = await shop.create()
    path = f"/v1/escrows/{escrow['id']}/payment"
    assert (await shop.post(path, CHOICE, token=token_of(escrow))).status_code == 200
    return escrow, f"{escrow['id']}:payment:1"


async def signals(client: Client, escrow_id: str) -> int:
    history = await client.get_workflow_handle(escrow_id).fetch_history()
    return sum(event.HasField("workflow_execution_signaled_event_attributes")
               for event in history.events)  # fmt: skip


async def test_a_report_makes_us_ask_the_bank_and_act_on_its_answer(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks
) -> None:
    escrow, reference = await paying(shop)
    assert (await callbacks.report(reference)).status_code == 202
    still = (await shop.get(f"/v1/escrows/{escrow['id']}", wait=1)).json()
    assert still["payment"]["state"] == "processing"
    teller.truths[reference] = Deducted(12900)
    assert (await callbacks.report(reference)).status_code == 202
    assert (await until(shop, still, "awaiting_shipment"))["held"] == 12900


async def test_the_same_report_again_wakes_nobody(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks, temporal: Temporal
) -> None:
    escrow, reference = await paying(shop)
    teller.truths[reference] = Deducted(12900)
    for _ in range(3):
        assert (await callbacks.report(reference, f"evt-{escrow['id']}")).status_code == 202
    await until(shop, escrow, "awaiting_shipment")
    assert await signals(temporal.client, escrow["id"]) == 1


async def test_another_report_of_money_that_is_booked_wakes_nobody(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks, temporal: Temporal
) -> None:
    escrow, reference = await paying(shop)
    teller.truths[reference] = Deducted(12900)
    await callbacks.report(reference)
    await until(shop, escrow, "awaiting_shipment")
    assert (await callbacks.report(reference)).status_code == 202
    assert await signals(temporal.client, escrow["id"]) == 1


async def test_money_that_comes_after_the_end_is_given_back(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks, temporal: Temporal
) -> None:
    escrow, reference = await paying(shop)
    closed = await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    assert closed.json()["status"] == "closed"
    teller.truths[reference] = Deducted(12900)
    handle = temporal.client.get_workflow_handle(escrow["id"])
    await handle.result()
    assert (await callbacks.report(reference)).status_code == 202
    late = temporal.client.get_workflow_handle(late_payment_id(reference))
    assert await late.result() == "given_back"
    assert (await callbacks.report(reference)).status_code == 202
    assert await late.result() == "given_back"
    assert sum(call == "refund" for call, name in teller.calls if escrow["id"] in name) <= 2
    assert len([name for name in teller.truths if name.startswith(escrow["id"])]) == 2


async def test_a_late_repeat_about_a_purchase_that_ended_well_gives_nothing_back(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks, temporal: Temporal
) -> None:
    escrow, reference = await paying(shop)
    teller.truths[reference] = Deducted(12900)
    await callbacks.report(reference)
    await until(shop, escrow, "awaiting_shipment")
    await shop.post(f"/v1/escrows/{escrow['id']}/refunds", {"amount": 12900})
    await temporal.client.get_workflow_handle(escrow["id"]).result()
    refunds = [call for call in teller.calls if call[0] == "refund" and escrow["id"] in call[1]]
    assert (await callbacks.report(reference)).status_code == 202
    with pytest.raises(RPCError, match="not found"):
        await temporal.client.get_workflow_handle(late_payment_id(reference)).describe()
    now = [call for call in teller.calls if call[0] == "refund" and escrow["id"] in call[1]]
    assert now == refunds


@pytest.mark.parametrize(
    "reference",
    [
        "esc_" + "0" * 32 + ":payment:1",
        "somebody-elses",
        "esc_x:payment:1",
        ":payment:",
        "esc_" + "0" * 32 + ":refund:1",
    ],
)
async def test_what_we_never_heard_of_is_accepted_and_kept(
    shop: Shop, callbacks: Callbacks, reference: str
) -> None:
    event_id = uuid4().hex
    assert (await callbacks.report(reference, event_id)).status_code == 202
    async with shop.doors.engine.connect() as connection:
        kept = await connection.execute(
            select(col(BankEvent.reference)).where(col(BankEvent.event_id) == event_id)
        )
    assert kept.scalar_one() == reference


@pytest.mark.parametrize(
    "signature",
    ["", "t=1,v1=00", "nonsense", "t=1,v1=" + "0" * 64, "t=,v1=", "v1=" + "a" * 64, "t=1" * 500],
)
async def test_a_forged_report_is_refused_and_not_kept(
    shop: Shop, callbacks: Callbacks, signature: str
) -> None:
    event_id = uuid4().hex
    said = {"event_id": event_id, "reference": "x"}
    answer = await callbacks.send(said, signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authentic")
    async with shop.doors.engine.connect() as connection:
        kept = select(BankEvent).where(col(BankEvent.event_id) == event_id)
        assert (await connection.execute(kept)).first() is None


async def test_another_secret_an_old_and_a_future_signature_are_refused(
    callbacks: Callbacks,
) -> None:
    said = {"event_id": uuid4().hex, "reference": "x"}
    answers = [
        await callbacks.send(said, secret="another secret"),
        await callbacks.send(said, ago=timedelta(minutes=6)),
        await callbacks.send(said, ago=-timedelta(minutes=6)),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(401, "not_authentic")}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"\xff",
        [],
        {},
        {"event_id": "", "reference": "x"},
        {"event_id": 1, "reference": "x"},
        {"event_id": "x", "reference": "x" * 300},
        {"event_id": "a\x00", "reference": "x"},
        {"event_id": "x", "reference": "\ud800"},
        b"[" * 20_000,
    ],
    ids=lambda said: repr(said)[:30],
)
async def test_a_signed_report_that_says_nothing_is_refused(
    callbacks: Callbacks, said: object
) -> None:
    answer = await callbacks.send(said)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


async def test_a_bank_that_is_not_ours_is_not_found(callbacks: Callbacks) -> None:
    answer = await callbacks.send({}, path="/v1/banks/monopoly/callbacks")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_report_that_can_not_be_passed_on_is_503_and_counts_when_sent_again(
    shop: Shop, teller: ScriptedBank, callbacks: Callbacks, without_temporal: httpx2.AsyncClient
) -> None:
    escrow, reference = await paying(shop)
    teller.truths[reference] = Deducted(12900)
    event_id = uuid4().hex
    callbacks.http = without_temporal
    away = await callbacks.report(reference, event_id)
    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    callbacks.http = shop.http
    assert (await callbacks.report(reference, event_id)).status_code == 202
    await until(shop, escrow, "awaiting_shipment")


async def test_a_payouts_news_are_passed_on_to_it(
    temporal: Temporal, teller: ScriptedBank, callbacks: Callbacks, engine: AsyncEngine
) -> None:
    till = Till(engine)
    merchant = await till.merchant()
    await till.sold(merchant, 700)
    payout = await till.open(merchant)
    assert payout is not None
    handle = await temporal.client.start_workflow(
        PayoutWorkflow.run, payout, id=payout_id(payout.id), task_queue=ESCROW_QUEUE
    )
    while payout.reference not in teller.truths:  # noqa: ASYNC110 - a plain dict
        await asyncio.sleep(0.05)
    teller.truths[payout.reference] = Returned(700, "AC04")
    assert (await callbacks.report(payout.reference)).status_code == 202
    assert await handle.result() == "returned"
    assert (await callbacks.report(payout.reference)).status_code == 202
    assert (await callbacks.report("pay_nobody:remit:1")).status_code == 202
