"""A merchant and its buyers at the doors, over real HTTP."""

import copy
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from api.doors import Doors

ORDER: dict[str, Any] = {
    "order_id": "A-1001",
    "amount": 12900,
    "currency": "CNY",
    "description": "A pair of walking boots",
    "buyer": {"email": "buyer@example.com"},
    "return_url": "https://shop.example/orders/A-1001",
}


def order(**changes: Any) -> dict[str, Any]:
    """A complete order; `changes` with the value None leave a field out."""
    changed = copy.deepcopy(ORDER) | changes
    return {name: value for name, value in changed.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant with a fresh id and key."""

    http: httpx2.AsyncClient
    doors: Doors
    id: str
    key: str

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Idempotency-Key": key or uuid4().hex}

    async def post(
        self, path: str, body: object = None, *, key: str | None = None, token: str = ""
    ) -> httpx2.Response:
        """As the merchant, or with `token` as a buyer."""
        headers = self.headers(key)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # Escaped, so that what UTF-8 can't say leaves us too.
        content = json.dumps({} if body is None else body)
        headers["Content-Type"] = "application/json"
        return await self.http.post(path, content=content, headers=headers)

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.http.get(path, params=params or None, headers=self.headers())

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("/v1/escrows", order(**changes))
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


def token_of(escrow: dict[str, Any]) -> str:
    """What the buyer got with the link."""
    return str(escrow["checkout_url"]).rsplit("/", 1)[1]
