"""The desk: disputes, purchases, clearing, reconciliation, the books, what needs a look, the log.

One signs in by password.
"""

from fastapi import APIRouter

from api.pages.operator import (
    attention,
    books,
    clearing,
    disputes,
    entrance,
    log,
    purchase,
    reconciliation,
)

router = APIRouter()
for part in (entrance, disputes, purchase, clearing, reconciliation, books, attention, log):
    router.include_router(part.router)

__all__ = ["router"]
