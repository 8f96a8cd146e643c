"""The merchant's statements, and the doors that close days: docs/reference/sandbox-bank.md."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from banks.sandbox import days, mail
from banks.sandbox.api import AtBank, Body, Reference, known_merchant
from banks.sandbox.magic import Call
from banks.sandbox.statements import ACCOUNT

Number = Annotated[int, Path(gt=0, lt=2**63)]

router = APIRouter(dependencies=[Depends(known_merchant)])


class CloseBody(Body):
    """`day` is the one to close, so that asking again closes no other; `next` the one after it."""

    day: date | None = None
    next: date | None = None


class ReturnBody(Body):
    """`reason` is ISO 20022's code."""

    reference: Reference
    reason: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")] = "AC04"


@router.get("/v1/statements")
async def statements(
    request: Request,
    bank: AtBank,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """What was shown past the number `after`, in order."""
    met = await bank.faults.met(Call.STATEMENTS, ACCOUNT)

    async def do() -> Response:
        return JSONResponse({"statements": await mail.listed(bank.pool, after, limit)})

    return await bank.wire.through(request, met, do)


@router.get("/v1/statements/{number}/{form}")
async def statement(request: Request, number: Number, form: str, bank: AtBank) -> Response:
    """The file itself; 404 for a number that was not shown, and for a format that it has not."""
    met = await bank.faults.met(Call.STATEMENTS, f"{ACCOUNT}:{number}:{form}")

    async def do() -> Response:
        file = await mail.file(bank.pool, number, form)
        named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.data, media_type=file.media_type, headers=named)

    return await bank.wire.through(request, met, do)


@router.get("/sandbox/days")
async def today(bank: AtBank) -> dict[str, str]:
    """The day that is open."""
    return {"today": (await bank.days.today()).isoformat()}


@router.post("/sandbox/days/close")
async def close(bank: AtBank, body: CloseBody | None = None) -> dict[str, Any]:
    """Make the statements of the day that is open, and open the next one."""
    asked = body or CloseBody()
    closings = await bank.days.close(asked.day, asked.next)
    return {
        "today": (await bank.days.today()).isoformat(),
        "statements": [days.shown(one) for one in closings],
    }


@router.post("/sandbox/returns")
async def send_back(body: ReturnBody, bank: AtBank) -> dict[str, Any]:
    """The other bank sends a remittance back, now."""
    return (await bank.remittances.send_back(body.reference, body.reason)).shown()
