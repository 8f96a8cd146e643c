"""`/v1/banks/{bank}/callbacks`: a bank says that something happened; what did, the bank is asked.

The answer is 202 for everything that the bank truly sent, also about purchases that we never had:
a bank that gets an error only sends again.
"""

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

from api import opening, promises, purchases
from api.doors import Doors, TheDoors
from api.errors import MalformedBody, NotAuthentic, NotFound, Unavailable
from api.fields import printable
from api.purchases import Purchase
from api.trade import RETRY_AFTER, NotRunning
from banks.callbacks import ForgedCallback, MalformedCallback, Report, StaleCallback, verify
from banks.inbox import Inbox
from workflows.commands import BankReport
from workflows.late import LatePaymentOrder

#: Read raw, as its bytes are signed. Banks may say more; only this is looked at.
REPORT: dict[str, Any] = {
    "title": "BankReport",
    "type": "object",
    "properties": {"event_id": {"type": "string"}, "reference": {"type": "string"}},
    "required": ["event_id", "reference"],
    "examples": [
        {
            "event_id": "bev_7d0c",
            "reference": "esc_0193c8a1b2c37d4e8f9a0b1c2d3e4f50:payment:1",
        }
    ],
}
BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BankReport"}}},
}

router = APIRouter(
    prefix="/v1/banks", tags=["banks"], generate_unique_id_function=lambda route: route.name
)


@router.post(
    "/{bank}/callbacks",
    status_code=202,
    response_class=Response,
    response_description="Heard.",
    responses=promises.CALLBACK,
    openapi_extra={"requestBody": BODY},
)
async def bank_reports(
    bank: Annotated[str, Path(examples=["sandbox"])],
    request: Request,
    doors: TheDoors,
    bank_signature: Annotated[
        str, Header(description="`t=<unix seconds>,v1=<hex HMAC-SHA256 of t, a dot, the body>`")
    ] = "",
) -> Response:
    """A bank's signed report. Repeats and unknown references are accepted and change nothing."""
    secret = doors.bank_secrets.get(bank)
    if secret is None:
        raise NotFound
    body = await request.body()
    report = _verified(bank_signature, body, secret)
    inbox = Inbox(doors.engine)
    if await inbox.receive(bank, report, body):
        await _pass_on(doors, bank, report.reference)
        await inbox.handled(bank, report)
    return Response(status_code=202)


def _verified(signature: str, body: bytes, secret: str) -> Report:
    """Raises NotAuthentic, MalformedBody."""
    try:
        report = verify(signature, body, secret, datetime.now(UTC))
        printable(report.event_id + report.reference).encode()
    except (ForgedCallback, StaleCallback) as rejected:
        raise NotAuthentic(str(rejected)) from rejected
    except (MalformedCallback, ValueError) as rejected:
        raise MalformedBody(str(rejected)) from rejected
    return report


async def _pass_on(doors: Doors, bank: str, reference: str) -> None:
    """Wake whoever waits for it. Other operations are pursued by who ordered them."""
    escrow_id, _, operation = reference.partition(":")
    if operation.startswith("remit:"):
        # One that has not begun asks by itself. One that has ended is past the days in which money
        # comes back: the statement tells.
        with contextlib.suppress(NotRunning):
            await doors.trade.tell_payout(escrow_id)
        return
    purchase = await purchases.find(doors.engine, escrow_id)
    if purchase is None or not operation.startswith("payment:"):
        return
    attempt = operation.removeprefix("payment:")
    if await purchases.booked(doors.engine, purchase.id, attempt):
        return
    try:
        await doors.trade.tell(purchase.id, BankReport(reference))
    except NotRunning:
        await _nobody_waits(doors, bank, purchase, reference)


async def _nobody_waits(doors: Doors, bank: str, purchase: Purchase, reference: str) -> None:
    """A purchase that has ended gives the money back; one that nobody started yet is started."""
    terms = purchase.escrow.terms
    if not purchase.started:
        await opening.start(doors, terms)
        raise Unavailable("the purchase has only been started now", retry_after=RETRY_AFTER)
    await doors.trade.start_late(
        LatePaymentOrder(purchase.id, terms.merchant_id, bank, reference, terms.currency)
    )
