"""Which faults a call meets: by published values, or as ordered at POST /sandbox/faults."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from banks.sandbox.magic import OF_THE_LINE, Call, Fault, Kind, by_amount


@dataclass(frozen=True, slots=True)
class Knob:
    """A fault as ordered: for references that start with `prefix`, in `share` of the calls.

    `times` in all and `per_reference` limit it; None is unlimited. The same `seed` meets the
    same calls.
    """

    fault: Fault
    prefix: str = ""
    share: float = 1.0
    times: int | None = None
    per_reference: int | None = None
    seed: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """What goes wrong with one call."""

    faults: tuple[Fault, ...] = ()

    def get(self, kind: Kind) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind is kind), None)

    def seconds(self, kind: Kind) -> float:
        """How long, 0 when there is no such fault."""
        fault = self.get(kind)
        return fault.seconds if fault else 0.0


class Faults:
    """`pool` is asyncpg's. Ordered faults are kept in the database and read once, at start."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._knobs: list[Knob] = []

    async def load(self) -> None:
        self._knobs = [_knob(row) for row in await self._pool.fetch("SELECT * FROM fault")]

    async def order(self, knob: Knob) -> str:
        """Make `knob` meet calls from now on; its name."""
        fault = knob.fault
        number = await self._pool.fetchval(
            "INSERT INTO fault"
            " (call, kind, seconds, code, prefix, share, times, per_reference, seed)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
            fault.call,
            fault.kind,
            fault.seconds,
            fault.code,
            knob.prefix,
            knob.share,
            knob.times,
            knob.per_reference,
            knob.seed,
        )
        await self.load()
        return str(number)

    async def clear(self) -> None:
        """From now on nothing goes wrong but what published values say."""
        self._knobs = []
        await self._pool.execute("DELETE FROM fault")

    async def fired(self) -> Sequence[dict[str, Any]]:
        """Every ordered fault and how often it has struck."""
        return [dict(row) for row in await self._pool.fetch("SELECT * FROM fault ORDER BY id")]

    async def met(
        self, call: Call, reference: str, amount: int = 0, own: Iterable[Fault] = ()
    ) -> Met:
        """What strikes this call; `own` are the faults of the payer's card."""
        struck = []
        for knob in (*_published(call, amount, own), *self._knobs):
            meant = knob.fault.call is call and reference.startswith(knob.prefix)
            if meant and await self._strikes(knob, reference):
                struck.append(knob.fault)
        return Met(tuple(struck))

    async def _strikes(self, knob: Knob, reference: str) -> bool:
        if knob.share >= 1 and knob.times is None and knob.per_reference is None:
            await self._count(knob)
            return True
        async with self._pool.acquire() as connection, connection.transaction():
            tries, fired = await connection.fetchrow(
                "INSERT INTO fault_met VALUES ($1, $2, 1, 0) ON CONFLICT (fault, reference)"
                " DO UPDATE SET tries = fault_met.tries + 1 RETURNING tries, fired",
                knob.name,
                reference,
            )
            if knob.per_reference is not None and fired >= knob.per_reference:
                return False
            if not _chosen(knob, reference, tries):
                return False
            if knob.times is not None and not await connection.fetchval(
                "UPDATE fault SET fired = fired + 1"
                " WHERE id = $1::text::bigint AND fired < times RETURNING true",
                knob.name,
            ):
                return False
            await connection.execute(
                "UPDATE fault_met SET fired = fired + 1 WHERE fault = $1 AND reference = $2",
                knob.name,
                reference,
            )
        if knob.times is None:
            await self._count(knob)
        return True

    async def _count(self, knob: Knob) -> None:
        if knob.name.isdigit():
            await self._pool.execute(
                "UPDATE fault SET fired = fired + 1 WHERE id = $1::text::bigint", knob.name
            )


def _published(call: Call, amount: int, own: Iterable[Fault]) -> list[Knob]:
    """A broken line heals: else nothing could ever be paid with that amount."""
    return [
        Knob(
            fault,
            per_reference=1 if fault.kind in OF_THE_LINE else None,
            name=f"published {fault.call} {fault.kind}",
        )
        for fault in (*by_amount(call, amount), *own)
    ]


def _chosen(knob: Knob, reference: str, tries: int) -> bool:
    """Whether this try is in the knob's share, by a hash: the same seed, the same tries."""
    digest = hashlib.sha256(f"{knob.seed}|{knob.fault.call}|{reference}|{tries}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < knob.share * 2**64


def _knob(row: Any) -> Knob:
    return Knob(
        Fault(Call(row["call"]), Kind(row["kind"]), row["seconds"], row["code"]),
        prefix=row["prefix"],
        share=row["share"],
        times=row["times"],
        per_reference=row["per_reference"],
        seed=row["seed"],
        name=str(row["id"]),
    )
