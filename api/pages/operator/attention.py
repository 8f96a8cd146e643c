"""`/operator/attention`: the figures, and everything that does not go on by itself."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response

from api.languages import N_, _, gettext
from api.operators import retelling
from api.operators.overview import SHOWN, overview
from api.operators.roles import Role
from api.pages.operator.visitors import AVisit
from api.pages.visitors import OwnForm

#: What operators ask the Temporal UI, as docs/operating/review.md has it.
QUERIES = {
    N_("Disputes to decide"): 'EscrowStage = "arbitration"',
    N_("Disputes that merchants must answer"): 'EscrowStage = "disputed"',
    N_("A person must look"): 'EscrowStage = "review"',
    N_("Merchants that do not hear us"): 'WorkflowType = "Notice" and ExecutionStatus = "Running"',
    N_("Late payments"): 'WorkflowType = "LatePayment"',
}

router = APIRouter(prefix="/operator", include_in_schema=False)


@router.api_route("/attention", methods=["GET", "HEAD"])
async def attention(visit: AVisit, told: Annotated[int | None, Query(ge=0)] = None) -> Response:
    """`told` is how many notices were just told again."""
    ui = visit.doors.settings.temporal_ui_url
    seen = await overview(visit.doors.engine)
    return visit.page(
        "operator_attention.html",
        seen=seen,
        notice="" if told is None else _told(told),
        form=visit.form("redelivery") if visit.operator.role.includes(Role.OPERATOR) else "",
        endpoints=sorted({one.endpoint_id for one in seen.parked}),
        most=SHOWN,
        queries={
            gettext(name): f"{ui}/workflows?query={quote(query)}"
            for name, query in QUERIES.items()
            if ui
        },
        ui=ui,
    )


@router.post("/attention/redelivery/{endpoint_id}")
async def tell_parked(visit: AVisit, form: OwnForm, endpoint_id: str) -> Response:
    """Tell an endpoint again what was parked for it, the oldest first; who asked is written down.

    Raises StaleForm, MissingRole, NotFound, EndpointDisabled, Unavailable.
    """
    visit.nonce(form, "redelivery")
    doors = visit.doors
    told, _more = await retelling.tell_parked(
        doors.engine, doors.trade, visit.operator, endpoint_id
    )
    return RedirectResponse(f"/operator/attention?told={len(told)}", 303)


def _told(number: int) -> str:
    return _("Being told again: %(number)d that had been given up.") % {"number": number}
