"""`/operator/purchases`: find a purchase, and see all of it on one page."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response

from api import purchases
from api.dispute_ids import dispute_id
from api.errors import NotFound
from api.operators import audit, overview, search
from api.outlook import whole
from api.pages.ahead import ahead
from api.pages.operator.visitors import AVisit
from api.purchases import Purchase
from domain.accounts import Account
from domain.states import Party
from ledger.reading import Posted, Reading
from webhooks import unheard

COLUMNS = ("sequence", "step", "debit", "credit", "amount", "currency", "at")

router = APIRouter(prefix="/operator/purchases", include_in_schema=False)


@dataclass(slots=True)
class TAccount:
    """One account as bookkeepers draw it: debits at the left, credits at the right."""

    account: Account
    debits: list[Posted] = field(default_factory=list)
    credits: list[Posted] = field(default_factory=list)

    @property
    def balance(self) -> int:
        """Debits less credits, in minor units."""
        return sum(leg.amount for leg in self.debits) - sum(leg.amount for leg in self.credits)


@router.api_route("", methods=["GET", "HEAD"])
async def find(visit: AVisit, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """By any id of ours, a bank's reference, or an order's number."""
    found = await search.found(visit.doors.engine, q) if q.strip() else []
    if len(found) == 1:
        return RedirectResponse(f"/operator/purchases/{found[0].id}", 303)
    return visit.page("operator_search.html", q=q, found=found, most=search.MOST)


@router.api_route("/{escrow_id}", methods=["GET", "HEAD"])
async def show(visit: AVisit, escrow_id: str) -> Response:
    """Raises NotFound."""
    doors, purchase = visit.doors, await _there(visit, escrow_id)
    escrow = await whole(doors, purchase)
    legs = await Reading(doors.engine).legs(escrow_id)
    async with doors.engine.connect() as connection:
        missed = await unheard.of_purchase(connection, escrow_id)
    return visit.page(
        "operator_purchase.html",
        purchase=purchase,
        state=escrow,
        terms=escrow.terms,
        ahead=ahead(escrow, Party.OPERATOR, datetime.now(UTC)),
        steps=await Reading(doors.engine).timeline(escrow_id),
        accounts=t_accounts(legs),
        operations=await overview.bank_operations(doors.engine, escrow_id),
        missed=missed,
        disputes=[dispute_id(escrow_id, n) for n in range(1, escrow.disputes + 1)],
        workflow=_workflow(visit, escrow_id),
    )


@router.api_route("/{escrow_id}/ledger.csv", methods=["GET", "HEAD"])
async def export(visit: AVisit, escrow_id: str) -> Response:
    """Its legs as a table; that they were taken away is written down. Raises NotFound."""
    doors, purchase = visit.doors, await _there(visit, escrow_id)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for leg in await Reading(doors.engine).legs(purchase.id):
        at = leg.at.astimezone(UTC).isoformat()
        sides = (_name(leg.debit), _name(leg.credit))
        table.writerow((leg.sequence, leg.name, *sides, leg.amount, leg.currency, at))
    async with doors.engine.begin() as connection:
        await audit.note(connection, visit.operator.id, "ledger_exported", purchase.id)
    saved = {
        "Content-Disposition": f'attachment; filename="{purchase.id}.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=saved)


def t_accounts(legs: list[Posted]) -> list[TAccount]:
    """In the order in which they were first moved."""
    found: dict[Account, TAccount] = {}
    for leg in legs:
        found.setdefault(leg.debit, TAccount(leg.debit)).debits.append(leg)
        found.setdefault(leg.credit, TAccount(leg.credit)).credits.append(leg)
    return list(found.values())


async def _there(visit: AVisit, escrow_id: str) -> Purchase:
    purchase = await purchases.find(visit.doors.engine, escrow_id)
    if purchase is None:
        raise NotFound
    return purchase


def _name(account: Account) -> str:
    return f"{account.code.value} {account.code.name.lower()}"


def _workflow(visit: AVisit, escrow_id: str) -> str:
    ui = visit.doors.settings.temporal_ui_url
    return f"{ui}/workflows/{escrow_id}" if ui else ""
