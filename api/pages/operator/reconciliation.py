"""`/operator/reconciliation`: what banks' statements say and our books don't, and the days."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from api.languages import N_, _
from api.operators import breaks as taking
from api.operators.roles import Role
from api.pages.operator.visitors import AVisit, Visit
from api.pages.visitors import OwnForm
from domain.reconciliation import Kind
from reconciliation import looking
from workflows.names import reconciliation_id

SHOWN = 50
#: As docs/concepts/reconciliation.md has them.
KINDS = {
    Kind.TIMING: N_("Not on the statement yet"),
    Kind.CUT_OFF: N_("Just before the cut-off"),
    Kind.MISSING_OURS: N_("Not in our books"),
    Kind.MISSING_THEIRS: N_("Missing at the bank"),
    Kind.AMOUNT: N_("Another amount"),
    Kind.DUPLICATE: N_("Booked twice"),
    Kind.FEE: N_("A fee of the bank"),
    Kind.RETURN: N_("Money that came back"),
    Kind.EMPTY: N_("An empty statement"),
}

router = APIRouter(prefix="/operator/reconciliation", include_in_schema=False)


@router.api_route("", methods=["GET", "HEAD"])
async def reconciliation(visit: AVisit, kind: str = "") -> Response:
    return await _shown(visit, kind)


@router.post("/breaks/{break_id}/owner")
async def take(
    visit: AVisit,
    form: OwnForm,
    break_id: str,
    before: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Look after a break from now on; `before` is who did, as the form said.

    Raises StaleForm, MissingRole.
    """
    visit.nonce(form, "break")
    if await taking.take(visit.doors.engine, visit.operator, break_id, before):
        return RedirectResponse("/operator/reconciliation", 303)
    moved = _("It was explained or taken by somebody else meanwhile: this is how it stands now.")
    return await _shown(visit, "", moved, 409)


async def _shown(visit: Visit, kind: str, notice: str = "", status: int = 200) -> Response:
    chosen = kind if kind in {str(one) for one in Kind} else ""
    async with visit.doors.engine.connect() as connection:
        breaks = await looking.queue(connection, SHOWN, chosen)
        days = await looking.days(connection, SHOWN)
    ui = visit.doors.settings.temporal_ui_url
    return visit.page(
        "operator_reconciliation.html",
        status,
        notice=notice,
        form=visit.form("break") if visit.operator.role.includes(Role.OPERATOR) else "",
        breaks=breaks,
        days=days,
        kinds=KINDS,
        kind=chosen,
        most=SHOWN,
        day_at=lambda day: f"{ui}/workflows/{reconciliation_id(day.bank, day.currency, day.day)}",
        ui=ui,
    )
