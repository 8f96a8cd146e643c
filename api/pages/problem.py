"""`/orders/{id}/problem`: the buyer reports a problem, says and shows more, or gives it up."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api import purchases
from api.commands import ask, may
from api.errors import TooMuchEvidence
from api.evidence import book
from api.evidence.contents import ACCEPTED, LONGEST_STATEMENT
from api.evidence.views import download
from api.languages import _
from api.pages.amounts import NotAnAmount, as_typed, typed
from api.pages.disputes import Unfit, contents, hand_in, sent
from api.pages.reasons import REASONS
from api.pages.refusals import no
from api.pages.rendering import money, page
from api.pages.visitors import AVisit, OwnForm, Visit
from domain.errors import Refusal
from domain.events import DisputeOpened, DisputeWithdrawn
from domain.guards import MOST_DISPUTES
from domain.states import Party, Reason
from workflows.commands import OpenDispute, WithdrawDispute

PART = "part"

router = APIRouter(prefix="/orders/{escrow_id}", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has filled in. `share` is all that was held, in minor units, or PART."""

    share: str = ""
    amount: str = ""
    reason: str = ""
    statement: str = ""

    def disputed(self, visit: Visit) -> int:
        """Minor units. Raises Unfit."""
        state = visit.purchase.escrow
        currency, held = state.terms.currency, state.amounts.held
        if self.share.isdecimal() and self.share.isascii():
            return int(self.share[:18])
        try:
            amount = typed(self.amount, currency)
        except NotAnAmount as wrong:
            example = as_typed(held, currency)
            raise Unfit(
                _("Please write the amount in %(currency)s like this: %(example)s")
                % {"currency": currency, "example": example}
            ) from wrong
        # Whoever presses the button twice asks again for what is no longer held.
        if not visit.purchase.complaint and not 1 <= amount <= held:
            most = money(held, currency)
            raise Unfit(_("The amount can be at most %(most)s.") % {"most": most})
        return amount

    def why(self) -> Reason:
        """Raises Unfit."""
        if self.reason not in set(Reason):
            raise Unfit(_("Please choose what is wrong."))
        return Reason(self.reason)


async def may_report(visit: Visit) -> bool:
    """Whether a problem can be reported now: twice for a purchase, one at a time."""
    any_problem = DisputeOpened(amount=1, reason=Reason.OTHER)
    return may(visit.purchase, any_problem) and await reported(visit) < MOST_DISPUTES


async def reported(visit: Visit) -> int:
    steps = await purchases.steps(visit.doors.engine, visit.purchase.id)
    return sum(step.name == DisputeOpened.name for step in steps)


@router.api_route("/problem", methods=["GET", "HEAD"])
async def open_problem(visit: AVisit) -> Response:
    if not await may_report(visit):
        return back(visit)
    return problem_page(visit, Typed(share=str(visit.purchase.escrow.amounts.held)))


@router.post("/problem")
async def report(visit: AVisit, request: Request) -> Response:
    """Freezes the money first, then keeps what was said: a crash in between loses no money.

    Whoever sends the form again adds what is missing.
    """
    form = await sent(request)
    names = ("share", "amount", "reason", "statement")
    filled = Typed(**{name: form.fields.get(name, "") for name in names})
    try:
        amount, reason = filled.disputed(visit), filled.why()
        said = contents(form, needs_words=True)
    except Unfit as unfit:
        return problem_page(visit, filled, str(unfit), 422)
    this = visit.tried(form.fields.get("form", ""), "problem", f"{amount} {reason}")
    try:
        event = DisputeOpened(amount=amount, reason=reason)
        await ask(visit.doors, visit.purchase, event, OpenDispute(amount, reason), this)
        await hand_in(visit.doors, visit.purchase.id, Party.BUYER, said, this.command_id)
    except (Refusal, TooMuchEvidence) as refusal:
        return problem_page(await visit.anew(), filled, no(refusal).text, 409)
    return back(visit)


@router.api_route("/evidence", methods=["GET", "HEAD"])
async def open_evidence(visit: AVisit) -> Response:
    return evidence_page(visit) if visit.purchase.complaint else back(visit)


@router.post("/evidence")
async def add_evidence(visit: AVisit, request: Request) -> Response:
    form = await sent(request)
    statement = form.fields.get("statement", "")
    this = visit.tried(form.fields.get("form", ""), "evidence")
    try:
        said = contents(form)
        await hand_in(visit.doors, visit.purchase.id, Party.BUYER, said, this.command_id)
    except Unfit as unfit:
        return evidence_page(visit, statement, str(unfit), 422)
    except (Refusal, TooMuchEvidence) as refusal:
        return evidence_page(await visit.anew(), statement, no(refusal).text, 409)
    return back(visit)


@router.get("/evidence/{evidence_id}")
async def save(visit: AVisit, evidence_id: str) -> Response:
    """Raises NotFound, EvidenceErased, EvidenceDamaged."""
    doors, escrow_id = visit.doors, visit.purchase.id
    return download(*await book.shown(doors.engine, doors.evidence, escrow_id, evidence_id))


@router.api_route("/withdrawal", methods=["GET", "HEAD"])
async def open_withdrawal(visit: AVisit) -> Response:
    """The second step: only one more problem can be reported afterwards, or none."""
    if not may(visit.purchase, DisputeWithdrawn()):
        return back(visit)
    left = MOST_DISPUTES - await reported(visit)
    return _page(visit, "withdrawal.html", "withdrawal", left=left)


@router.post("/withdrawal")
async def withdraw(visit: AVisit, form: OwnForm) -> Response:
    this = visit.tried(form, "withdrawal")
    try:
        await ask(visit.doors, visit.purchase, DisputeWithdrawn(), WithdrawDispute(), this)
    except Refusal as refusal:
        left = MOST_DISPUTES - await reported(visit)
        visit = await visit.anew()
        return _page(visit, "withdrawal.html", "withdrawal", no(refusal).text, 409, left=left)
    return back(visit)


def problem_page(visit: Visit, filled: Typed, notice: str = "", status: int = 200) -> Response:
    return _page(
        visit,
        "problem.html",
        "problem",
        notice,
        status,
        filled=filled,
        reasons=REASONS,
        example=as_typed(visit.purchase.escrow.amounts.held, visit.purchase.escrow.terms.currency),
    )


def evidence_page(
    visit: Visit, statement: str = "", notice: str = "", status: int = 200
) -> Response:
    return _page(visit, "evidence.html", "evidence", notice, status, statement=statement)


def back(visit: Visit) -> Response:
    return RedirectResponse(f"/orders/{visit.purchase.id}", 303)


def _page(
    visit: Visit, template: str, action: str, notice: str = "", status: int = 200, **shown: object
) -> Response:
    state = visit.purchase.escrow
    return page(
        template,
        status,
        purchase=visit.purchase,
        state=state,
        terms=state.terms,
        notice=notice,
        form=visit.form(action),
        accepted=ACCEPTED,
        longest=LONGEST_STATEMENT,
        here=f"/orders/{visit.purchase.id}/{action}",
        refresh=0,
        sandbox=not visit.doors.livemode,
        **shown,
    )
