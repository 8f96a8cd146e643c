"""The merchant's API: docs/reference/sandbox-bank.md."""

import hmac
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field

from banks.files.amounts import exponent_of
from banks.files.errors import UnknownCurrency
from banks.sandbox import journal
from banks.sandbox.bank import Bank
from banks.sandbox.clock import now
from banks.sandbox.desk import UnknownReference
from banks.sandbox.errands import ErrandOrder
from banks.sandbox.faults import Met
from banks.sandbox.magic import Call
from banks.sandbox.payees import payee
from banks.sandbox.payments import Order
from banks.sandbox.records import Errand, Payment, declined
from banks.sandbox.remittances import Remittance, RemittanceOrder

REFERENCE = r"^[!-~]{1,120}$"
Reference = Annotated[str, Field(pattern=REFERENCE)]
#: One segment of a path, whatever it is.
PAYER = r"^[A-Za-z0-9_-]{1,100}$"
PayerReference = Annotated[str, Field(pattern=PAYER)]
Addressed = Annotated[str, Path(pattern=REFERENCE)]
Amount = Annotated[int, Field(strict=True, gt=0, le=10**14)]


def _of_iso_4217(currency: str) -> str:
    """No statement could say an amount in another one."""
    try:
        exponent_of(currency, "currency")
    except UnknownCurrency as error:
        raise ValueError(error.why) from error
    return currency


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_of_iso_4217)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PayerBody(Body):
    """The merchant's own name for who pays, which tells the bank nothing about them."""

    reference: PayerReference
    token: Annotated[str, Field(pattern=r"^[!-~]{0,100}$")] = ""
    remember: Annotated[bool, Field(strict=True)] = False


class PaymentBody(Body):
    """A payment page is asked for. `reference` is the idempotency key."""

    reference: Reference
    amount: Amount
    currency: Currency
    funding: Literal["deduct", "freeze"]
    return_url: Annotated[AnyHttpUrl, Field(max_length=2000)]
    payer: PayerBody | None = None

    def order(self) -> Order:
        url = str(self.return_url)
        order = Order(self.reference, self.funding, self.amount, self.currency, url)
        if (who := self.payer) is None:
            return order
        return replace(order, buyer=who.reference, saved=who.token, remember=who.remember)


class MoneyBody(Body):
    reference: Reference
    amount: Amount
    currency: Currency


class RemittanceBody(MoneyBody):
    """`account` is a number at another bank, whose owner is called `holder`."""

    holder: Annotated[str, Field(min_length=1, max_length=140)]
    account: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,34}$")]


class ReferenceBody(Body):
    reference: Reference


def bank_of(request: Request) -> Bank:
    bank: Bank = request.app.state.bank
    return bank


AtBank = Annotated[Bank, Depends(bank_of)]


def known_merchant(request: Request, bank: AtBank) -> None:
    """Every call carries the API key."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), bank.api_key.encode()):
        raise HTTPException(401, "the API key is missing or wrong")


router = APIRouter(prefix="/v1", dependencies=[Depends(known_merchant)])


@router.post("/payments", status_code=201)
async def start(request: Request, body: PaymentBody, bank: AtBank) -> Response:
    """A payment page for the buyer; 402 when the bank declines at once."""
    met = await bank.faults.met(Call.START, body.reference, body.amount)

    async def do() -> Response:
        payment, new = await bank.payments.start(body.order(), met)
        if payment.pageless:
            said = {"reference": payment.reference, **declined(payment.code)}
            return JSONResponse(said, status_code=402)
        page = f"{bank.public_url}/pay/{payment.token}"
        said = {"reference": payment.reference, "status": payment.state, "page_url": page}
        return JSONResponse(said, status_code=201 if new else 200)

    return await bank.wire.through(request, met, do)


@router.post("/payments/{reference}/close")
async def close(request: Request, reference: Addressed, bank: AtBank) -> Response:
    """From now on it can't be paid: `closed`; or `paid` when it is too late for that."""
    met = await _met_by_payment(bank, Call.CLOSE, reference, reference)

    async def do() -> Response:
        payment = await bank.payments.close(reference, met)
        paid = payment.state in {"deducted", "frozen"}
        return JSONResponse({"reference": reference, "status": "paid" if paid else "closed"})

    return await bank.wire.through(request, met, do)


@router.post("/payments/{of}/deductions")
async def deduct(request: Request, of: Addressed, body: MoneyBody, bank: AtBank) -> Response:
    """Take the frozen money, or a part; the rest goes back to the payer."""
    order = ErrandOrder("deduct", body.reference, of, body.amount, body.currency)
    met = await bank.faults.met(Call.DEDUCT, body.reference, body.amount)
    return await _run(request, bank, order, met)


@router.post("/payments/{of}/unfreezings")
async def unfreeze(request: Request, of: Addressed, body: ReferenceBody, bank: AtBank) -> Response:
    """Give the whole freeze back to the payer."""
    order = ErrandOrder("unfreeze", body.reference, of)
    met = await _met_by_payment(bank, Call.UNFREEZE, body.reference, of)
    return await _run(request, bank, order, met)


@router.post("/payments/{of}/refunds")
async def refund(request: Request, of: Addressed, body: MoneyBody, bank: AtBank) -> Response:
    """Give some or all of what was taken back; never more than that in total."""
    order = ErrandOrder("refund", body.reference, of, body.amount, body.currency)
    met = await bank.faults.met(Call.REFUND, body.reference, body.amount)
    return await _run(request, bank, order, met)


@router.post("/remittances")
async def remit(request: Request, body: RemittanceBody, bank: AtBank) -> Response:
    """Pay somebody at another bank: accepted now; later settled, and perhaps sent back."""
    own = payee(body.account).faults
    met = await bank.faults.met(Call.REMIT, body.reference, body.amount, own)
    order = RemittanceOrder(**body.model_dump())

    async def do() -> Response:
        remittance = await bank.remittances.run(order, met)
        status = {"pending": 202, "declined": 402}.get(remittance.state, 200)
        return JSONResponse(remittance.shown(), status_code=status)

    return await bank.wire.through(request, met, do)


@router.get("/operations/{reference}")
async def find(request: Request, reference: Addressed, bank: AtBank) -> Response:
    """What became of a reference, whatever kind of order it was; 404 when it is unknown."""
    payment = await bank.payments.by_reference(reference)
    errand: Errand | Remittance | None = None
    if payment is None:
        errand = await bank.errands.by_reference(reference)
        errand = errand or await bank.remittances.by_reference(reference)
    amount = payment.amount if payment else errand.amount if errand else 0
    met = await bank.faults.met(Call.FIND, reference, amount)

    async def do() -> Response:
        if payment:
            shown = await _truth(bank, payment)
        else:
            shown = errand.shown() if errand and errand.known_from <= now() else None
        if shown is None:
            raise UnknownReference(f"{reference} is unknown here")
        return JSONResponse(shown)

    return await bank.wire.through(request, met, do)


@router.get("/journal")
async def read_journal(
    bank: AtBank,
    prefix: Annotated[str, Query(max_length=120)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> dict[str, Any]:
    """The bank's own books, for operators and tests: in order, `after` an id for the next page."""
    async with bank.pool.acquire() as connection:
        return {"entries": await journal.entries(connection, prefix, after, limit)}


async def _truth(bank: Bank, payment: Payment) -> dict[str, Any] | None:
    if payment.state != "frozen":
        return payment.shown(now())
    async with bank.pool.acquire() as connection, connection.transaction():
        return (await bank.payments.not_expired(connection, payment.token)).shown(now())


async def _met_by_payment(bank: Bank, call: Call, reference: str, of: str) -> Met:
    """For calls without an amount of their own the payment's decides."""
    payment = await bank.payments.by_reference(of)
    return await bank.faults.met(call, reference, payment.amount if payment else 0)


async def _run(request: Request, bank: Bank, order: ErrandOrder, met: Met) -> Response:
    async def do() -> Response:
        errand = await bank.errands.run(order, met)
        status = {"done": 200, "pending": 202, "declined": 402}[errand.state]
        return JSONResponse(errand.shown(), status_code=status)

    return await bank.wire.through(request, met, do)
