"""The payment page with a saved method: the bank's own password, and nothing typed again."""

import hmac

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from banks.sandbox import magic, people
from banks.sandbox.api import AtBank
from banks.sandbox.bank import Bank
from banks.sandbox.magic import Call
from banks.sandbox.page import SEE_OTHER, Paying, Text, Visiting, leave, page_of, shown
from banks.sandbox.payments import Confirmed
from banks.sandbox.records import Payment
from banks.sandbox.remembered import Remembered
from banks.sandbox.visits import Visit

router = APIRouter(prefix="/pay/{token}")


@router.post("/saved")
async def pay(
    request: Request, payment: Paying, visit: Visiting, bank: AtBank, password: Text
) -> Response:
    """The buyer's word: money moves from the account that the bank remembers."""
    if not payment.payable or not payment.saved:
        return RedirectResponse(page_of(payment), SEE_OTHER)
    kept = await bank.memory.count_try(payment.buyer, payment.saved)
    if kept is None:
        return leave(await bank.payments.decline(payment.token, "unknown_method"))
    if not hmac.compare_digest(password.strip().encode(), magic.PAYMENT_PASSWORD.encode()):
        return await wrong(payment, visit, bank, kept)
    await bank.memory.right(kept.token)
    own = people.faults_of(kept.account)
    met = await bank.faults.met(Call.PAY, payment.reference, payment.amount, own)

    async def do() -> Response:
        by = Confirmed(kept.account, by_saved=True)
        return leave(await bank.payments.pay(payment.token, by, met))

    return await bank.wire.through(request, met, do)


async def wrong(payment: Payment, visit: Visit, bank: Bank, kept: Remembered) -> Response:
    """Too often, at whatever payment and browser: the bank forgets the method, and declines."""
    if kept.tries < magic.WRONG_CODES:
        said = "That was not the payment password."
        return shown("saved.html", payment, 422, visit=visit, kept=kept, password_error=said)
    await bank.memory.forget(payment.buyer, payment.saved)
    return leave(await bank.payments.decline(payment.token, "authentication_failed"))
