"""The merchant's console: orders, payouts, keys and events, for who signs in with an API key."""

from fastapi import APIRouter

from api.pages.merchant import entrance, keys, log, order, orders, payouts, refund

router = APIRouter()
for part in (entrance, keys, log, orders, order, refund, payouts):
    router.include_router(part.router)

__all__ = ["router"]
