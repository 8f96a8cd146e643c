"""Pages for people: server-rendered, real forms, no JavaScript. GET and HEAD never act."""

from fastapi import APIRouter

from api.pages import cashier, merchant, order
from api.pages.failure import apologise

#: Errors under these are told to people, not to programs.
PREFIXES = ("/pay", "/orders", "/merchant")

router = APIRouter()
router.include_router(cashier.router)
router.include_router(order.router)
router.include_router(merchant.router)

__all__ = ["PREFIXES", "apologise", "router"]
