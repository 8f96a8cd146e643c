"""Faults to order, for chaos tests: a door that no real bank has."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from banks.sandbox.api import AtBank, Body, known_merchant
from banks.sandbox.faults import Knob
from banks.sandbox.magic import POSSIBLE, REFUSALS, Call, Fault, Kind

router = APIRouter(prefix="/sandbox", dependencies=[Depends(known_merchant)])


class FaultBody(Body):
    """Which calls meet which fault. `share` of the calls, chosen by `seed`."""

    call: Call
    kind: Kind
    seconds: Annotated[float, Field(ge=0, le=7 * 86400)] = 0.0
    code: Annotated[str, Field(pattern=r"^[a-z_]{0,40}$")] = ""
    prefix: Annotated[str, Field(max_length=120)] = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    per_reference: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _happens(self) -> Self:
        if self.kind not in POSSIBLE[self.call]:
            possible = ", ".join(sorted(POSSIBLE[self.call]))
            raise ValueError(f"{self.call} can meet: {possible}")
        return self

    def knob(self) -> Knob:
        code = self.code or (REFUSALS.get(self.call, "risk") if self.kind == "declined" else "")
        fault = Fault(self.call, self.kind, self.seconds, code)
        return Knob(fault, self.prefix, self.share, self.times, self.per_reference, self.seed)


@router.post("/faults", status_code=201)
async def order_fault(body: FaultBody, bank: AtBank) -> dict[str, str]:
    """From now on these calls go wrong."""
    return {"id": await bank.faults.order(body.knob())}


@router.get("/faults")
async def ordered_faults(bank: AtBank) -> dict[str, Any]:
    """What was ordered, and how often each has `fired`."""
    return {"faults": await bank.faults.fired()}


@router.delete("/faults", status_code=204)
async def heal(bank: AtBank) -> None:
    """Nothing goes wrong any more but what published values say."""
    await bank.faults.clear()
