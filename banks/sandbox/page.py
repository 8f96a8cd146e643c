"""The bank's own payment page: server-rendered forms, money moves on POST only.

GET /pay/{token} → POST …/sign-in or …/card → GET …/confirm → POST …/confirm → the shop

With a saved method (saved_page.py): GET /pay/{token} → POST …/saved → the shop
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banks.sandbox import magic, people
from banks.sandbox.amounts import for_people
from banks.sandbox.api import AtBank
from banks.sandbox.bank import Bank
from banks.sandbox.card_form import CardForm
from banks.sandbox.clock import now
from banks.sandbox.magic import Call
from banks.sandbox.payments import Confirmed
from banks.sandbox.records import REASONS, Payment
from banks.sandbox.remembered import Means
from banks.sandbox.visits import NOTHING, Visit, sent_by_us

COOKIE = "bank_visit"
#: Half an hour at the page, as long as a merchant usually waits for a payment.
COOKIE_SECONDS = 1800
SEE_OTHER = 303

router = APIRouter(prefix="/pay/{token}")
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals.update(magic=magic, for_people=for_people, reasons=REASONS)

NO_ERRORS = dict.fromkeys(("sign_in_error", "card_error", "code_error", "password_error"), "")

Text = Annotated[str, Form(max_length=200)]


class NoSuchPayment(Exception):
    """The address is of no payment."""


class NotFromOurPage(Exception):
    """The form was not the one that we gave this browser."""


async def payment_of(token: str, bank: AtBank) -> Payment:
    payment = await bank.payments.by_token(token)
    if payment is None or payment.pageless:
        raise NoSuchPayment
    return payment


Paying = Annotated[Payment, Depends(payment_of)]
Browser = Annotated[str, Cookie(alias=COOKIE)]


async def visitor(payment: Paying, bank: AtBank, form_token: Text, browser: Browser = "") -> Visit:
    """Who sent this form, if it is the one that we gave to this very browser."""
    visit = await bank.visits.of(browser, payment.token)
    if visit is None or not sent_by_us(visit, form_token):
        raise NotFromOurPage
    return visit


Visiting = Annotated[Visit, Depends(visitor)]


@router.get("")
async def choose(payment: Paying, bank: AtBank, browser: Browser = "") -> Response:
    """How to pay; or how it ended."""
    if not payment.payable:
        return shown("result.html", payment)
    kept = await bank.memory.one(payment.buyer, payment.saved)
    usable = kept if kept and not kept.over(now()) else None
    template = "saved.html" if usable else "choose.html"
    return await visited(
        bank, payment, browser, template, kept=usable, gone=bool(payment.saved) and not usable
    )


@router.get("/otherwise")
async def choose_otherwise(payment: Paying, bank: AtBank, browser: Browser = "") -> Response:
    """Not by the saved method this time."""
    if not payment.payable:
        return RedirectResponse(page_of(payment), SEE_OTHER)
    return await visited(bank, payment, browser, "choose.html")


@router.post("/sign-in")
async def sign_in(
    payment: Paying, visit: Visiting, bank: AtBank, customer: Text, password: Text
) -> Response:
    """Online banking: a published customer and the published password."""
    payer = people.sign_in(customer.strip().lower(), password)
    if payer is None:
        wrong = "We don't know this customer with this password."
        return shown("choose.html", payment, 422, visit=visit, sign_in_error=wrong)
    means = Means("online_banking", people.customer_label(payer))
    return await recognised(bank, payment, payer, means)


@router.post("/card")
async def card(
    payment: Paying, visit: Visiting, bank: AtBank, form: Annotated[CardForm, Form()]
) -> Response:
    """A published card. Its number is neither kept nor logged, only whose it is.

    Where it may be remembered, the last four digits and the date are kept until it is paid.
    """
    payer, wrong = form.payer()
    if payer is None:
        return shown("choose.html", payment, 422, visit=visit, card_error=wrong)
    return await recognised(bank, payment, payer, form.means())


@router.get("/confirm")
async def ask_to_confirm(payment: Paying, bank: AtBank, browser: Browser = "") -> Response:
    """The second factor: amount and payee once more, and a code."""
    visit = await bank.visits.of(browser, payment.token)
    if not payment.payable or visit is None or not visit.payer:
        return RedirectResponse(page_of(payment), SEE_OTHER)
    return shown("confirm.html", payment, visit=visit, name=people.name_of(visit.payer))


@router.post("/confirm")
async def confirm(
    request: Request,
    payment: Paying,
    visit: Visiting,
    bank: AtBank,
    code: Text,
    remember: Text = "",
) -> Response:
    """The buyer's word, the only request of this page that moves money; `remember` if ticked."""
    if not payment.payable or not visit.payer:
        return RedirectResponse(page_of(payment), SEE_OTHER)
    if code.strip() != magic.CODE:
        return await wrong_code(payment, visit, bank, ticked=bool(remember))
    own = people.faults_of(visit.payer)
    met = await bank.faults.met(Call.PAY, payment.reference, payment.amount, own)

    async def do() -> Response:
        by = Confirmed(visit.payer, keep=visit.means if remember else None)
        return leave(await bank.payments.pay(payment.token, by, met))

    return await bank.wire.through(request, met, do)


@router.post("/cancel")
async def cancel(payment: Paying, visit: Visiting, bank: AtBank) -> Response:
    """The buyer goes back to the shop without paying."""
    return RedirectResponse(
        (await bank.payments.decline(payment.token, "cancelled")).return_url, SEE_OTHER
    )


async def wrong_code(payment: Payment, visit: Visit, bank: Bank, *, ticked: bool) -> Response:
    if await bank.visits.wrong_code(visit) < magic.WRONG_CODES:
        said = {"name": people.name_of(visit.payer), "code_error": "That was not the code."}
        return shown("confirm.html", payment, 422, visit=visit, ticked=ticked, **said)
    return leave(await bank.payments.decline(payment.token, "authentication_failed"))


def leave(payment: Payment) -> Response:
    """Back to the shop, unless the buyer should read first why not."""
    back = payment.state in {"deducted", "frozen"}
    return RedirectResponse(payment.return_url if back else page_of(payment), SEE_OTHER)


async def recognised(bank: Bank, payment: Payment, payer: str, means: Means) -> Response:
    kept = means if payment.remember else NOTHING
    cookie, _ = await bank.visits.begin(payment.token, payer, kept)
    return with_cookie(RedirectResponse(f"{page_of(payment)}/confirm", SEE_OTHER), bank, cookie)


async def visited(
    bank: Bank, payment: Payment, browser: str, template: str, **more: Any
) -> Response:
    """A page with a form for this very browser, which gets a cookie when it has none."""
    if visit := await bank.visits.of(browser, payment.token):
        return shown(template, payment, visit=visit, **more)
    cookie, visit = await bank.visits.begin(payment.token)
    return with_cookie(shown(template, payment, visit=visit, **more), bank, cookie)


def with_cookie(response: Response, bank: Bank, cookie: str) -> Response:
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=COOKIE_SECONDS,
        path="/pay",
        secure=bank.public_url.startswith("https://"),
        httponly=True,
        # Lax, not strict: the buyer arrives by a link from the shop.
        samesite="lax",
    )
    return response


def shown(template: str, payment: Payment, status: int = 200, **more: Any) -> Response:
    said = {**NO_ERRORS, "gone": False, "ticked": False, **more}
    html = templates.get_template(template).render(payment=payment, page=page_of(payment), **said)
    # Browsers hold a redirect that follows a form to form-action too: the shop must be in it.
    shop = urlsplit(payment.return_url)
    return page_response(html, status, f"{shop.scheme}://{shop.netloc}")


def page_response(html: str, status: int, also_sends_to: str = "") -> Response:
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {also_sends_to}".rstrip()
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, status, headers, media_type="text/html")


def page_of(payment: Payment) -> str:
    """Relative, so that the page works behind whatever public address it has."""
    return f"/pay/{payment.token}"
