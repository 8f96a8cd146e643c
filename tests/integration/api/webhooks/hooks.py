"""A merchant's webhook endpoints at the door, in words."""

import asyncio
from typing import Any

from tests.integration.api.shop import Shop

PATH = "/v1/webhook_endpoints"
#: Far longer than anything here takes; reached only when something never happens.
PATIENCE = 40


async def endpoint(shop: Shop, url: str, **more: Any) -> dict[str, Any]:
    """A new one, with its `secret`."""
    answer = await shop.post(PATH, {"url": url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def put(shop: Shop, endpoint_id: str, **wanted: Any) -> dict[str, Any]:
    answer = await shop.http.put(f"{PATH}/{endpoint_id}", json=wanted, headers=shop.headers())
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def delete(shop: Shop, path: str) -> int:
    return (await shop.http.delete(f"{PATH}/{path}", headers=shop.headers())).status_code


async def events_of(shop: Shop, escrow: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened to the purchase, oldest first; each with its `data.id`."""
    answer = await shop.get("/v1/events", limit=100)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["data"] if one["data"]["escrow"]["id"] == escrow["id"]]


async def told(shop: Shop, escrow: dict[str, Any], kind: str) -> str:
    """The id of the event of this type."""
    (event,) = [one for one in await events_of(shop, escrow) if one["type"] == f"escrow.{kind}"]
    return str(event["data"]["id"])


async def deliveries(shop: Shop, event_id: str, **params: Any) -> dict[str, Any]:
    answer = await shop.get(f"/v1/events/{event_id}/deliveries", **params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def unheard(shop: Shop, endpoint_id: str, **params: Any) -> list[dict[str, Any]]:
    answer = await shop.get(f"{PATH}/{endpoint_id}/unheard", **params)
    assert answer.status_code == 200, answer.text
    missed: list[dict[str, Any]] = answer.json()["data"]
    return missed


async def delivered(shop: Shop, event_id: str, times: int = 1) -> dict[str, Any]:
    """The deliveries of the event, once so many of them were heard and none is awaited."""
    async with asyncio.timeout(PATIENCE):
        while True:
            page = await deliveries(shop, event_id, limit=100)
            heard = [one for one in page["data"] if one["delivered"]]
            if len(heard) >= times and not page["unheard"]:
                return page
            await asyncio.sleep(0.05)


async def missing(shop: Shop, endpoint_id: str, number: int, *, state: str) -> list[dict[str, Any]]:
    """What the endpoint has not heard, once it is so much in this state."""
    async with asyncio.timeout(PATIENCE):
        while True:
            missed = await unheard(shop, endpoint_id, state=state, limit=100)
            if len(missed) >= number:
                return missed
            await asyncio.sleep(0.05)


async def parked(shop: Shop, endpoint_id: str, number: int) -> list[dict[str, Any]]:
    return await missing(shop, endpoint_id, number, state="parked")
