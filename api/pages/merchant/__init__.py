"""The merchant's console: orders, keys and events, for people who sign in with an API key."""

from fastapi import APIRouter

from api.pages.merchant import entrance, keys, log, orders

router = APIRouter()
for part in (entrance, keys, log, orders):
    router.include_router(part.router)

__all__ = ["router"]
