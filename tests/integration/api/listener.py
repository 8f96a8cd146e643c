"""Somebody who listens to server-sent events as a browser does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.integration.api.shop import Shop

STREAM = "text/event-stream"


@dataclass(slots=True)
class Heard:
    """A stream. `last_id` is what to come back with, `comments` counts the keep-alives."""

    response: httpx2.Response
    lines: AsyncIterator[str]
    last_id: str = ""
    comments: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    async def next(self) -> dict[str, Any] | None:
        """The next event; None when the stream has ended."""
        async for line in self.lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                self.fields[name] = value
            elif "data" in self.fields:
                told: dict[str, Any] = json.loads(self.fields.pop("data"))
                self.last_id = self.fields["id"]
                assert int(self.last_id) == told["data"]["sequence"]
                return told
        return None

    async def rest(self) -> list[dict[str, Any]]:
        """All events until the stream ends."""
        told = []
        while (event := await self.next()) is not None:
            told.append(event)
        return told


@asynccontextmanager
async def listening(
    shop: Shop, escrow: dict[str, Any], *, last_id: str = "", token: str = "", **params: Any
) -> AsyncIterator[Heard]:
    """A stream of this purchase, as the merchant or with `token` as a buyer."""
    headers = {"Accept": STREAM, "Authorization": f"Bearer {token or shop.key}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    path = f"/v1/escrows/{escrow['id']}/events"
    async with shop.http.stream("GET", path, headers=headers, params=params) as response:
        yield Heard(response, response.aiter_lines())


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("escrow.") for event in events]
