"""The buyer's wallet: purchases with every shop, ways to pay, the account itself."""

from fastapi import APIRouter

from api.pages.wallet import account, entrance, keeping, methods, purchases

router = APIRouter()
for part in (entrance, purchases, methods, account, keeping):
    router.include_router(part.router)

__all__ = ["router"]
