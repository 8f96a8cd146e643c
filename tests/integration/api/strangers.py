"""Every route of the OpenAPI document, filled with the ids of one merchant's world."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from api.dispute_ids import dispute_id
from api.documents import openapi_json
from api.evidence.chain import digest_of
from api.evidence.contents import words
from api.keys import digest, key_id
from api.merchants import add_key, revoke_key
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop
from tests.integration.clearing.till import Till

#: What a path's parameter names. Whoever adds another kind of id says here whose it is.
IDS = {
    "escrow_id": "esc_",
    "event_id": "evt_",
    "endpoint_id": "whe_",
    "evidence_id": "evd_",
    "dispute_id": "dsp_",
    "payout_id": "pay_",
}
#: Not an id of anybody's.
PUBLIC = {"bank": "sandbox", "day": "2026-03-02", "currency": "EUR"}
AN_ID = re.compile(r"(?:esc|evt|whe|evd|dsp|pay)_")
#: Counts who asks, so it changes with every question.
COUNTS = {"rate_window"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the document describes it."""

    method: str
    path: str
    said: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def takes(self) -> list[str]:
        """The parameters in its path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def doors(self) -> set[str]:
        """Who may knock: `ApiKey`, `BuyerLink`, `OperatorKey`, or nobody is asked."""
        return {name for one in self.said.get("security", []) for name in one}

    @property
    def needs(self) -> dict[str, str]:
        """What its query can't do without."""
        asked = self.said.get("parameters", [])
        names = [one["name"] for one in asked if one["in"] == "query" and one.get("required")]
        return {name: PUBLIC[name] for name in names}

    @property
    def places(self) -> set[str]:
        """Parameters of its query that say where in somebody's list to go on."""
        names = {param["name"] for param in self.said.get("parameters", [])}
        return names & {"after", "cursor"}

    @property
    def example(self) -> dict[str, Any] | None:
        """The fullest of the document's own examples; {} where everything may be left out."""
        content = self.said.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        schema = next(iter(content["schema"].get("anyOf", [content["schema"]])))
        described = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if "examples" not in described and described.get("required"):
            raise LookupError(f"{self} has no example of its body")
        fullest: dict[str, Any] = max(described.get("examples", [{}]), key=len)
        return fullest


@cache
def document() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(openapi_json())
    return said


@cache
def operations() -> list[Operation]:
    return [
        Operation(method.upper(), path, said)
        for path, methods in document()["paths"].items()
        for method, said in methods.items()
    ]


@dataclass(frozen=True, slots=True)
class World:
    """A merchant, its purchase, an event, a webhook endpoint, and places in its lists.

    `neighbour` is another purchase of the same merchant, `revoked` a key it had.
    """

    shop: Shop
    escrow: dict[str, Any]
    neighbour: dict[str, Any]
    ids: dict[str, str]
    places: dict[str, str]
    revoked: str

    def path(self, operation: Operation) -> str:
        """Raises KeyError for a parameter that nobody explained."""
        known = PUBLIC | {name: self.ids[prefix] for name, prefix in IDS.items()}
        return operation.path.format(**{name: known[name] for name in operation.takes})

    def body(self, operation: Operation) -> dict[str, Any] | None:
        """The example with this world's ids in place of its own."""
        said = operation.example
        return said and {name: self._mine(value) for name, value in said.items()}

    def _mine(self, value: Any) -> Any:
        found = AN_ID.match(value) if isinstance(value, str) else None
        return self.ids[found[0]] if found else value


async def world(new_shop: NewShop, name: str) -> World:
    shop = await new_shop(name)
    escrow = await shop.create()
    neighbour = await shop.create()
    page = (await shop.get("/v1/escrows", limit=1)).json()
    event = (await shop.get("/v1/events", limit=1)).json()["data"][0]["data"]["id"]
    hook = await shop.post("/v1/webhook_endpoints", {"url": "https://shop.example/hooks"})
    ids = {"esc_": escrow["id"], "evt_": event, "whe_": hook.json()["id"]}
    ids["dsp_"] = dispute_id(escrow["id"], 1)
    ids["evd_"] = await _said(shop.doors.engine, escrow["id"])
    ids["pay_"] = (await Till(shop.doors.engine).paid_out(shop.id)).id
    places = {"cursor": page["next_cursor"], "after": event}
    async with shop.doors.engine.begin() as connection:
        revoked = await add_key(connection, shop.id, "test")
        await revoke_key(connection, shop.id, key_id(digest(revoked)))
    return World(shop, escrow, neighbour, ids, places, revoked)


async def _said(engine: AsyncEngine, escrow_id: str) -> str:
    """Evidence in a purchase that nobody has paid: the doors would not take it."""
    evidence_id = f"evd_{uuid4().hex}"
    content = words("It was broken.")
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO evidence (id, escrow_id, dispute, by, kind, text, media_type, size,"
                " digest) VALUES (:id, :escrow, 1, 'buyer', :kind, :said, :type, :size, :digest)"
            ),
            {
                "id": evidence_id,
                "escrow": escrow_id,
                "kind": content.kind,
                "said": content.text,
                "type": content.media_type,
                "size": len(content.content),
                "digest": digest_of(content.content),
            },
        )
    return evidence_id


async def knock(
    http: httpx2.AsyncClient,
    operation: Operation,
    path: str,
    authorization: str,
    mine: World,
    query: dict[str, str] | None = None,
) -> httpx2.Response:
    """The operation's own example at `path`, with the ids of `mine` in its body."""
    headers = {"Idempotency-Key": uuid4().hex}
    if authorization:
        headers["Authorization"] = authorization
    body, params = mine.body(operation), operation.needs | (query or {})
    return await http.request(operation.method, path, headers=headers, json=body, params=params)


async def standing(engine: AsyncEngine, of: World) -> dict[str, str | None]:
    """A fingerprint of every row, in every table, in which this world stands."""
    found: dict[str, str | None] = {}
    said = [of.shop.id, *of.ids.values()]
    async with engine.connect() as connection:
        for table in sorted(set(SQLModel.metadata.tables) - COUNTS):
            query = f"""
                SELECT md5(string_agg(row::text, '' ORDER BY row::text)) FROM "{table}" AS row
                WHERE row::text LIKE ANY(:said)
            """  # noqa: S608
            patterns = {"said": [f"%{one}%" for one in said]}
            found[table] = await connection.scalar(text(query), patterns)
    return found
