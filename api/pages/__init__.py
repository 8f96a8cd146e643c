"""Pages for people: server-rendered, real forms. GET and HEAD never act.

JavaScript only makes them livelier (static/danbao.js): all of it works without.
"""

from fastapi import APIRouter

from api.pages import cashier, following, merchant, operator, order, problem, wallet
from api.pages.failure import apologise

#: What is under these is for people: it speaks their language, errors too.
PREFIXES = ("/pay", "/orders", "/wallet", "/merchant", "/operator")

router = APIRouter()
router.include_router(cashier.router)
router.include_router(order.router)
router.include_router(problem.router)
router.include_router(following.router)
router.include_router(wallet.router)
router.include_router(merchant.router)
router.include_router(operator.router)

__all__ = ["PREFIXES", "apologise", "router"]
