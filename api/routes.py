"""Every route of `/v1`, once: what a running API serves is what its document describes."""

from fastapi import APIRouter

from api import (
    bank_callbacks,
    complaints,
    deliveries,
    disputes,
    escrow_commands,
    escrows,
    events,
    outlook,
    payouts,
    streams,
    webhook_endpoints,
)
from api.evidence import routes as evidence

PARTS = (
    escrows.router,
    escrow_commands.router,
    complaints.router,
    evidence.router,
    disputes.router,
    outlook.router,
    streams.router,
    events.router,
    payouts.router,
    webhook_endpoints.router,
    deliveries.router,
    bank_callbacks.router,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part)
