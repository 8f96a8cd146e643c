"""The buyer's pages: server-rendered, real forms, no JavaScript. GET and HEAD never act."""

from fastapi import APIRouter

from api.pages import cashier, order
from api.pages.failure import apologise

#: Errors under these are told to people, not to programs.
PREFIXES = ("/pay", "/orders")

router = APIRouter()
router.include_router(cashier.router)
router.include_router(order.router)

__all__ = ["PREFIXES", "apologise", "router"]
