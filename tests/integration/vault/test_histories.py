"""What Temporal's server holds of a purchase: encrypted, but for the labels that operators read."""

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory, WorkflowUpdateFailedError
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from tests.integration.vault.conftest import K1, NewPurchase
from tests.integration.vault.shifts import EncryptedWorld, Shifts
from tests.workflows.world import Trade, command
from vault.codec import ENCRYPTED, KEY, PurchaseCodec
from vault.errors import NotAuthentic, UnknownKey, UnknownPurchase, WithoutContext
from vault.keys import Keys
from vault.ring import Ring
from workflows.commands import Ship
from workflows.escrow import EscrowWorkflow
from workflows.names import notice_id

RING = Ring.parse(K1)
TRACKING = "SF-buyer-lives-here"


async def troubled(world: EncryptedWorld) -> Trade:
    """Shipped with a tracking number; a refused command, a failed activity, an unheard notice."""
    trade = await world.paid()
    world.book.outages[trade.id] = 1
    world.merchant.down.add(trade.id)
    await trade.handle.execute_update(EscrowWorkflow.ship, Ship("SF", TRACKING), id=command())
    await trade.reaches("awaiting_confirmation")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await trade.ship()
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "wrong_stage"
    assert "awaiting_confirmation" in cause.message
    await trade.confirm()
    await trade.outcome()
    return trade


async def as_stored(shifts: Shifts, workflow_id: str) -> WorkflowHistory:
    """What somebody sees who has the server and no key."""
    client = await shifts.server.client("nobody")
    return await client.get_workflow_handle(workflow_id).fetch_history()


def raw(history: WorkflowHistory) -> bytes:
    return b"\n".join(event.SerializeToString() for event in history.events)


async def test_arguments_results_and_failures_are_encrypted(shifts: Shifts) -> None:
    async with shifts.shift(RING) as world:
        trade = await troubled(world)
    history = await as_stored(shifts, trade.id)
    stored = raw(history)
    assert b"Encoded failure" in stored
    for secret in (TRACKING, "the database is away", "Traceback", "activities/"):
        assert secret.encode() not in stored, secret
    assert stored.count(trade.terms.merchant_id.encode()) == 1, "the search attribute"
    assert any(TRACKING.encode() in said for said in await told(shifts, history)), "with the key"


async def told(shifts: Shifts, history: WorkflowHistory) -> list[bytes]:
    """The arguments of every update."""
    accepted = [
        event.workflow_execution_update_accepted_event_attributes for event in history.events
    ]
    payloads = [one for some in accepted for one in some.accepted_request.input.args.payloads]
    return [payload.data for payload in await shifts.codec(RING).decode(payloads)]


async def test_a_notice_is_encrypted_with_its_purchases_key(shifts: Shifts) -> None:
    async with shifts.shift(RING) as world:
        trade = await troubled(world)
    notice = await as_stored(shifts, notice_id(trade.id, 3, "whe_1"))
    begun = notice.events[0].workflow_execution_started_event_attributes
    [argument] = begun.input.payloads
    key = await Keys(shifts.engine, RING).current(trade.id)
    assert argument.metadata[KEY].decode() == key.id
    assert b"tell whe_1: event 3" in raw(notice)


async def test_an_operator_reads_what_it_is_about_without_any_key(shifts: Shifts) -> None:
    async with shifts.shift(RING) as world:
        trade = await world.shipped()
        handle = (await shifts.server.client("nobody")).get_workflow_handle(trade.id)
        described = await handle.describe()
        assert await described.static_summary() == "123.45 CNY, order order-1"
        assert await described.static_details() == "deduct mode"
        details = await handle.query("__temporal_workflow_metadata")
        assert "waiting for the buyer to confirm receipt until" in str(details)
    history = await as_stored(shifts, trade.id)
    labels = {event.user_metadata.summary.data.decode() for event in history.events}
    assert {'"payment_started"', '"payment:1"', '"shipped"', '"reminded"'} <= labels


def of(escrow_id: str, codec: PurchaseCodec) -> PurchaseCodec:
    return codec.with_context(WorkflowSerializationContext("default", escrow_id))


def secret(data: bytes = b'{"carrier": "SF"}') -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


async def test_there_and_back_in_every_context(shifts: Shifts, new_purchase: NewPurchase) -> None:
    escrow_id, codec = await new_purchase(), shifts.codec(RING)
    step = ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="record",
        activity_task_queue="escrow",
        workflow_id=escrow_id,
        workflow_type="Escrow",
        is_local=True,
    )
    for contextual in (of(escrow_id, codec), codec.with_context(step)):
        given = [secret(), secret(b"[1]"), Payload(metadata={"encoding": b"binary/null"})]
        encrypted = await contextual.encode(given)
        encodings = [one.metadata["encoding"] for one in encrypted]
        assert encodings == [ENCRYPTED, ENCRYPTED, b"binary/null"]
        assert await contextual.decode(encrypted) == given
        assert await codec.decode(encrypted) == given, "the codec server knows no context"
    assert await of(escrow_id, codec).encode([secret(b'"label"')]) == [secret(b'"label"')]
    [word] = await codec.with_context(step).encode([secret(b'"an activity\'s argument"')])
    assert word.metadata["encoding"] == ENCRYPTED


async def test_a_payload_of_another_purchase_is_refused(
    shifts: Shifts, new_purchase: NewPurchase
) -> None:
    codec, mine, theirs = shifts.codec(RING), await new_purchase(), await new_purchase()
    encrypted = await of(theirs, codec).encode([secret()])
    with pytest.raises(NotAuthentic, match=mine):
        await of(mine, codec).decode(encrypted)


async def test_under_another_keys_name_it_does_not_open(
    shifts: Shifts, new_purchase: NewPurchase
) -> None:
    codec, mine, theirs = shifts.codec(RING), await new_purchase(), await new_purchase()
    [mine_encrypted] = await of(mine, codec).encode([secret()])
    [theirs_encrypted] = await of(theirs, codec).encode([secret()])
    theirs_encrypted.metadata[KEY] = mine_encrypted.metadata[KEY]
    with pytest.raises(NotAuthentic):
        await of(mine, codec).decode([theirs_encrypted])


async def test_what_belongs_to_no_purchase_is_encrypted_with_the_houses_key(
    shifts: Shifts, new_purchase: NewPurchase
) -> None:
    codec = shifts.codec(RING)
    house = of("ledger-upkeep", codec)
    [encrypted] = await house.encode([secret()])
    assert encrypted.metadata["encoding"] == ENCRYPTED
    assert await of("clearing:2026-11-23", codec).decode([encrypted]) == [secret()]
    assert await codec.decode([encrypted]) == [secret()]
    with pytest.raises(NotAuthentic):
        await of(await new_purchase(), codec).decode([encrypted])


async def test_what_has_no_owner_is_not_written_at_all(shifts: Shifts) -> None:
    codec = shifts.codec(RING)
    with pytest.raises(WithoutContext):
        await codec.encode([secret()])
    with pytest.raises(UnknownPurchase):
        await of("esc_" + "0" * 32, codec).encode([secret()])
    with pytest.raises(UnknownKey):
        await codec.decode([Payload(metadata={"encoding": ENCRYPTED, KEY: b"\xff"}, data=b"x")])


async def test_histories_from_before_there_were_keys_are_read_as_they_are(shifts: Shifts) -> None:
    assert await shifts.codec(RING).decode([secret()]) == [secret()]
