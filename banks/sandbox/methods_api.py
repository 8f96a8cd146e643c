"""The merchant's API to what payers let the bank remember: docs/reference/sandbox-bank.md."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from banks.sandbox.api import PAYER, REFERENCE, AtBank, known_merchant
from banks.sandbox.magic import Call

Named = Annotated[str, Path(pattern=PAYER)]

router = APIRouter(prefix="/v1/payers/{payer}/methods", dependencies=[Depends(known_merchant)])


@router.get("")
async def saved_methods(request: Request, payer: Named, bank: AtBank) -> Response:
    """Everything remembered for this payer; an unknown one has nothing."""
    met = await bank.faults.met(Call.METHODS, payer)

    async def do() -> Response:
        return JSONResponse({"methods": [one.shown() for one in await bank.memory.of(payer)]})

    return await bank.wire.through(request, met, do)


@router.delete("/{token}")
async def forget(
    request: Request, payer: Named, token: Annotated[str, Path(pattern=REFERENCE)], bank: AtBank
) -> Response:
    """From now on nothing can be paid with it; the same answer for what was never there."""
    met = await bank.faults.met(Call.FORGET, payer)

    async def do() -> Response:
        await bank.memory.forget(payer, token)
        return JSONResponse({"status": "forgotten"})

    return await bank.wire.through(request, met, do)
