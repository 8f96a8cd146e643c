"""`/operator`: disputes by deadline, and one of them with the forms of four eyes."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from api.errors import NotFound
from api.evidence import book
from api.evidence.views import download
from api.fields import LogLine
from api.languages import N_, _
from api.operators import audit, cases, decisions, proposals
from api.operators.cases import Whole
from api.operators.decisions import Case
from api.operators.overview import overview
from api.operators.proposals import Split
from api.operators.roles import Role
from api.operators.views import whole_out
from api.pages.amounts import NotAnAmount, as_typed, typed
from api.pages.operator.visitors import AVisit, Visit
from api.pages.reasons import REASONS
from api.pages.visitors import OwnForm
from domain.states import Dispute

SHOWN = 50
STATES = {"arbitration": N_("Ours to decide"), "open": N_("The merchant's turn")}

router = APIRouter(prefix="/operator", include_in_schema=False)
Minor = Annotated[int, Form(ge=0, le=10**12)]
Version = Annotated[int, Form(ge=1, le=10**9)]


@router.api_route("", methods=["GET", "HEAD"])
async def inbox(visit: AVisit, state: str = "", cursor: str = "") -> Response:
    """The nearest deadline first. Raises InvalidCursor."""
    chosen = state if state in STATES else None
    here = ("desk", chosen or "all")
    after = visit.doors.cursors.last(*here, cursor) if cursor else None
    found = await cases.inbox(visit.doors.engine, chosen, after, SHOWN + 1)
    shown, more = found[:SHOWN], len(found) > SHOWN
    return visit.page(
        "operator_disputes.html",
        seen=await overview(visit.doors.engine),
        purchases=shown,
        states=STATES,
        reasons=REASONS,
        state=chosen or "",
        later=visit.doors.cursors.after(*here, cases.place(shown[-1])) if more else "",
    )


@router.api_route("/disputes/{dispute_id}", methods=["GET", "HEAD"])
async def open_dispute(visit: AVisit, dispute_id: str) -> Response:
    """Raises NotFound."""
    return await _shown(visit, await cases.whole(visit.doors.engine, dispute_id))


@router.post("/disputes/{dispute_id}/resolution")
async def propose(
    visit: AVisit,
    dispute_id: str,
    form: OwnForm,
    version: Version,
    refund: Annotated[str, Form(max_length=40)],
    release: Annotated[str, Form(max_length=40)],
    note: Annotated[LogLine, Form()],
) -> Response:
    """Raises StaleForm, NotFound, and as `decisions.resolve`."""
    whole = await cases.whole(visit.doors.engine, dispute_id)
    this = visit.sent(form, f"resolution {dispute_id}", f"{version} {refund} {release} {note}")
    currency, disputed = whole.purchase.escrow.terms.currency, whole.opened.amount
    try:
        split = Split(typed(refund, currency), typed(release, currency))
    except NotAnAmount:
        split = Split(0, 0)
    if split.refund + split.release != disputed:
        return await _shown(visit, whole, _type_it(disputed, currency), 422)
    case = Case(whole.purchase.id, whole.number, version)
    await decisions.resolve(visit.doors, visit.operator, case, split, note, this)
    return RedirectResponse(f"/operator/disputes/{dispute_id}", 303)


@router.post("/disputes/{dispute_id}/approval")
async def approve(
    visit: AVisit,
    dispute_id: str,
    form: OwnForm,
    version: Version,
    refund: Minor,
    release: Minor,
) -> Response:
    """Raises StaleForm, NotFound, and as `decisions.approve`."""
    whole = await cases.whole(visit.doors.engine, dispute_id)
    visit.sent(form, f"approval {dispute_id}")
    case = Case(whole.purchase.id, whole.number, version)
    await decisions.approve(visit.doors, visit.operator, case, Split(refund, release))
    return RedirectResponse(f"/operator/disputes/{dispute_id}", 303)


@router.api_route("/disputes/{dispute_id}/evidence/{evidence_id}", methods=["GET", "HEAD"])
async def save_evidence(visit: AVisit, dispute_id: str, evidence_id: str) -> Response:
    """A file, to be saved; that it was read is written down. Raises NotFound, EvidenceErased."""
    doors = visit.doors
    whole = await cases.whole(doors.engine, dispute_id)
    entry, content = await book.shown(doors.engine, doors.evidence, whole.purchase.id, evidence_id)
    if entry.dispute != whole.number:
        raise NotFound
    async with doors.engine.begin() as connection:
        await audit.note(
            connection, visit.operator.id, "evidence_read", dispute_id, evidence=entry.id
        )
    return download(entry, content)


def _type_it(disputed: int, currency: str) -> str:
    example = {"example": as_typed(disputed, currency)}
    return _("Type both amounts like %(example)s; together they are what is disputed.") % example


async def _shown(visit: Visit, whole: Whole, notice: str = "", status: int = 200) -> Response:
    doors, escrow_id = visit.doors, whole.purchase.id
    async with doors.engine.connect() as connection:
        kept = await proposals.newest(connection, escrow_id, whole.number)
    entries = await book.entries(doors.engine, escrow_id)
    case = whole_out(whole, None, [])
    open_to = case.state == Dispute.ARBITRATION.value and not (kept and kept.approved_by)
    current = kept is not None and kept.version == case.version
    mine = kept is not None and kept.proposed_by == visit.operator.id
    return visit.page(
        "operator_dispute.html",
        status,
        case=case,
        reasons=REASONS,
        terms=whole.purchase.escrow.terms,
        amounts=whole.purchase.escrow.amounts,
        entries=[entry for entry in entries if entry.dispute == whole.number],
        kept=kept,
        current=current,
        mine=mine,
        may_propose=open_to and visit.operator.role.includes(Role.OPERATOR),
        may_approve=open_to
        and current
        and not mine
        and visit.operator.role.includes(Role.APPROVER),
        notice=notice,
        resolution_form=visit.form(f"resolution {case.id}"),
        approval_form=visit.form(f"approval {case.id}"),
        here=f"/operator/disputes/{case.id}",
    )
