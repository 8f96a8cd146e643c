"""The merchant's files of payouts: docs/reference/sandbox-bank.md."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from banks.sandbox.api import AtBank, known_merchant
from banks.sandbox.batches import WrongFile
from banks.sandbox.magic import Call

#: MAX_ORDERS of them take less.
MAX_SIZE = 4 * 1024 * 1024
XML = "application/xml"

Named = Annotated[str, Path(min_length=1, max_length=35)]

router = APIRouter(prefix="/v1/batches", dependencies=[Depends(known_merchant)])


@router.put("/{name}")
async def order(request: Request, name: Named, bank: AtBank) -> Response:
    """A pain.001 whose message id is `name`; the answer is a pain.002."""
    data = await _body(request)
    met = await bank.faults.met(Call.BATCH, name)

    async def do() -> Response:
        return Response(await bank.batches.run(name, data), media_type=XML)

    return await bank.wire.through(request, met, do)


@router.get("/{name}")
async def report(request: Request, name: Named, bank: AtBank) -> Response:
    """What has become of its orders by now, as a pain.002."""
    met = await bank.faults.met(Call.BATCH, name)

    async def do() -> Response:
        return Response(await bank.batches.report(name), media_type=XML)

    return await bank.wire.through(request, met, do)


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAX_SIZE:
            raise WrongFile(f"more than {MAX_SIZE} bytes")
    return bytes(data)
