"""`/merchant/orders/{id}`: one purchase as its merchant sees it, and the answer to a dispute."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api import purchases
from api.commands import ask, may
from api.errors import NotFound, TooMuchEvidence
from api.evidence import book
from api.evidence.contents import ACCEPTED, LONGEST_STATEMENT
from api.evidence.views import download
from api.idempotency import Keyed, Try
from api.outlook import whole
from api.pages.ahead import ahead
from api.pages.disputes import Unfit, contents, hand_in, heard, sent, under_way
from api.pages.merchant import story
from api.pages.merchant.refusals import no
from api.pages.merchant.visitors import AVisit, Visit
from api.pages.visitors import OwnForm
from api.problems import problem_of
from api.purchases import Purchase
from api.refunds import refundable
from api.scopes import Scope
from domain.clock import deducts_early, short_hold
from domain.errors import Refusal
from domain.events import DisputeAccepted, DisputeContested
from domain.states import Party
from workflows.commands import AnswerDispute

router = APIRouter(prefix="/merchant/orders/{escrow_id}", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody of the shop, at one of its purchases."""

    visit: Visit
    purchase: Purchase

    def tried(self, form: str, action: str) -> Try:
        """The command of this very form. Raises StaleForm."""
        nonce = self.visit.nonce(form, self._named(action))
        subject = f"console:{self.visit.merchant_id}"
        said = f"{action} {self.purchase.id}".encode()
        return Try(Keyed(subject, nonce, said).command_id())

    def page(
        self, template: str, action: str = "", notice: str = "", status: int = 200, **shown: object
    ) -> Response:
        state = self.purchase.escrow
        return self.visit.page(
            template,
            status,
            purchase=self.purchase,
            state=state,
            terms=state.terms,
            notice=notice,
            form=self.visit.form(self._named(action)),
            accepted=ACCEPTED,
            longest=LONGEST_STATEMENT,
            action=action,
            **shown,
        )

    def back(self) -> Response:
        return RedirectResponse(f"/merchant/orders/{self.purchase.id}", 303)

    async def anew(self) -> "Desk":
        return Desk(self.visit, await purchases.get(self.visit.doors.engine, self.purchase.id))

    def _named(self, action: str) -> str:
        return f"{action} {self.purchase.id}"


async def desk(visit: AVisit, escrow_id: str) -> Desk:
    """Raises MissingScope, NotFound."""
    visit.needs(Scope.ESCROWS_READ)
    purchase = await purchases.find(visit.doors.engine, escrow_id)
    if purchase is None or purchase.merchant_id != visit.merchant_id:
        raise NotFound
    return Desk(visit, purchase)


ADesk = Annotated[Desk, Depends(desk)]


@router.api_route("", methods=["GET", "HEAD"])
async def open_order(desk: ADesk) -> Response:
    doors, purchase = desk.visit.doors, desk.purchase
    steps = await purchases.steps(doors.engine, purchase.id)
    state = await whole(doors, purchase)
    return desk.page(
        "merchant_order.html",
        timeline=story.lines(steps, purchase.escrow.terms.currency),
        ahead=ahead(state, Party.MERCHANT, datetime.now(UTC)),
        hold_ends=short_hold(state),
        deducts_early=deducts_early(state),
        quarrel=await under_way(doors, purchase),
        entries=await heard(doors, purchase),
        may_refund=desk.visit.may(Scope.REFUNDS) and bool(refundable(purchase)),
        may_accept=may(purchase, DisputeAccepted()) and desk.visit.may(Scope.REFUNDS),
        may_contest=may(purchase, DisputeContested()) and desk.visit.may(Scope.ESCROWS_WRITE),
        may_add=purchase.complaint is not None and desk.visit.may(Scope.ESCROWS_WRITE),
    )


@router.api_route("/acceptance", methods=["GET", "HEAD"])
async def open_acceptance(desk: ADesk) -> Response:
    """The second step: money that went back can't be fetched again. Raises MissingScope."""
    desk.visit.needs(Scope.REFUNDS)
    if not may(desk.purchase, DisputeAccepted()):
        return desk.back()
    return desk.page("merchant_acceptance.html", "acceptance")


@router.post("/acceptance")
async def accept(desk: ADesk, form: OwnForm) -> Response:
    """Raises MissingScope, StaleForm."""
    desk.visit.needs(Scope.REFUNDS)
    this, accepted = desk.tried(form, "acceptance"), DisputeAccepted()
    try:
        answer = AnswerDispute(contest=False)
        await ask(desk.visit.doors, desk.purchase, accepted, answer, this)
    except Refusal as refusal:
        desk = await desk.anew()
        return desk.page("merchant_acceptance.html", "acceptance", no(refusal).text, 409)
    return desk.back()


@router.api_route("/contest", methods=["GET", "HEAD"])
async def open_contest(desk: ADesk) -> Response:
    """Raises MissingScope."""
    desk.visit.needs(Scope.ESCROWS_WRITE)
    if not may(desk.purchase, DisputeContested()):
        return desk.back()
    return _words(desk, "contest")


@router.post("/contest")
async def contest(desk: ADesk, request: Request) -> Response:
    """Contests first, then keeps what was said; whoever sends the form again adds what is missing.

    Raises MissingScope, StaleForm.
    """
    desk.visit.needs(Scope.ESCROWS_WRITE)
    form = await sent(request)
    statement = form.fields.get("statement", "")
    this = desk.tried(form.fields.get("form", ""), "contest")
    doors, purchase = desk.visit.doors, desk.purchase
    try:
        said = contents(form, needs_words=True)
        answer = AnswerDispute(contest=True)
        await ask(doors, purchase, DisputeContested(), answer, this)
        await hand_in(doors, purchase.id, Party.MERCHANT, said, this.command_id)
    except (Unfit, Refusal, TooMuchEvidence) as refusal:
        return _words(await desk.anew(), "contest", statement, refusal)
    return desk.back()


@router.api_route("/evidence", methods=["GET", "HEAD"])
async def open_evidence(desk: ADesk) -> Response:
    """Raises MissingScope."""
    desk.visit.needs(Scope.ESCROWS_WRITE)
    return _words(desk, "evidence") if desk.purchase.complaint else desk.back()


@router.post("/evidence")
async def add_evidence(desk: ADesk, request: Request) -> Response:
    """Raises MissingScope, StaleForm."""
    desk.visit.needs(Scope.ESCROWS_WRITE)
    form = await sent(request)
    statement = form.fields.get("statement", "")
    this = desk.tried(form.fields.get("form", ""), "evidence")
    try:
        said = contents(form)
        escrow_id = desk.purchase.id
        await hand_in(desk.visit.doors, escrow_id, Party.MERCHANT, said, this.command_id)
    except (Unfit, Refusal, TooMuchEvidence) as refusal:
        return _words(await desk.anew(), "evidence", statement, refusal)
    return desk.back()


@router.get("/evidence/{evidence_id}")
async def save(desk: ADesk, evidence_id: str) -> Response:
    """Raises NotFound, EvidenceErased, EvidenceDamaged."""
    doors = desk.visit.doors
    return download(*await book.shown(doors.engine, doors.evidence, desk.purchase.id, evidence_id))


def _words(
    desk: Desk,
    action: str,
    statement: str = "",
    refusal: Unfit | Refusal | TooMuchEvidence | None = None,
) -> Response:
    """The form that takes words and files, with what was typed and why it was not taken."""
    notice, status = "", 200
    if isinstance(refusal, Unfit):
        notice, status = str(refusal), 422
    elif refusal:
        notice, status = no(refusal).text, problem_of(refusal).status
    return desk.page("merchant_words.html", action, notice, status, statement=statement)
