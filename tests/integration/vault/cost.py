"""What encryption costs a happy purchase, as JSON: `python -m tests.integration.vault.cost`."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from runtime.database import engine, migrate
from runtime.embedded.places import outside, own_folder, server_account
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.temporal import TIME_SKIPPING, TemporalServer
from tests.integration.vault.shifts import Shifts
from vault.codec import ENCRYPTED
from vault.ring import Ring

#: How often one payload is encrypted and decrypted to see how long that takes.
ROUNDS = 2_000


@dataclass(frozen=True)
class Cost:
    """Bytes of one purchase's history as it is stored, and as they were without encryption."""

    encrypted_payloads: int
    plain_bytes: int
    stored_bytes: int

    @property
    def ratio(self) -> float:
        return round(self.stored_bytes / self.plain_bytes, 2)


async def of_a_happy_purchase(shifts: Shifts, ring: Ring) -> Cost:
    async with shifts.shift(ring) as world:
        trade = await world.shipped()
        await trade.confirm()
        await trade.outcome()
        history = await trade.handle.fetch_history()
    stored = sum(event.ByteSize() for event in history.events)
    encrypted = [
        one for one in payloads(*history.events) if one.metadata.get("encoding") == ENCRYPTED
    ]
    plain = await shifts.codec(ring).decode(encrypted)
    more = sum(one.ByteSize() for one in encrypted) - sum(one.ByteSize() for one in plain)
    return Cost(len(encrypted), stored - more, stored)


def payloads(*messages: Message) -> Iterator[Payload]:
    """Every payload inside, wherever it stands."""
    for message in messages:
        if isinstance(message, Payload):
            yield message
            continue
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            if field.message_type.GetOptions().map_entry:
                inner = [one for one in value.values() if isinstance(one, Message)]
            else:
                inner = [value] if isinstance(value, Message) else list(value)
            yield from payloads(*inner)


async def microseconds(shifts: Shifts, ring: Ring) -> float:
    """To encrypt and decrypt a payload of 500 bytes, its key being known."""
    async with shifts.shift(ring) as world:
        escrow_id = (await world.open()).id
    context = WorkflowSerializationContext("default", escrow_id)
    codec = shifts.codec(ring).with_context(context)
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"[" + b"1," * 249 + b"1]")
    began = time.perf_counter()
    for _ in range(ROUNDS):
        await codec.decode(await codec.encode([payload]))
    return round((time.perf_counter() - began) / ROUNDS * 1e6, 1)


async def main() -> None:
    ring = Ring.parse("1" * 64)
    with tempfile.TemporaryDirectory(dir=outside(server_account())) as folder:
        home = own_folder(Path(folder))
        postgres = PostgresServer(own_folder(home / "postgres"), durable=False)
        temporal = TemporalServer(home / "temporal", keep=False, dynamic_config=TIME_SKIPPING)
        await postgres.start()
        await temporal.start()
        await migrate(await postgres.create_database("danbao", "danbao_owner", ["danbao_app"]))
        pool = engine(postgres.url("danbao", "danbao_app"))
        try:
            shifts = Shifts(temporal, pool)
            cost = await of_a_happy_purchase(shifts, ring)
            spent = {"microseconds_to_encrypt_and_decrypt": await microseconds(shifts, ring)}
            sys.stdout.write(json.dumps(asdict(cost) | {"ratio": cost.ratio} | spent) + "\n")
        finally:
            await pool.dispose()
            await temporal.stop()
            await postgres.stop()


if __name__ == "__main__":
    asyncio.run(main())
