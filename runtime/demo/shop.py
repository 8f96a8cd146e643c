"""A merchant's program: starts purchases by the API, and listens for what it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook, WebhookVerificationError

from runtime.embedded.places import LOOPBACK

Escrow = dict[str, Any]
#: Seconds that one long poll waits, and how many of them anything may take: a slow machine.
POLL, POLLS = 20, 6


class Refused(Exception):
    """The API said no, or nothing changed; the message quotes it."""


class Shop:
    """A merchant's side of `/v1/escrows`. Use as an async context manager."""

    def __init__(self, api_url: str, key: str) -> None:
        self._client = httpx2.AsyncClient(
            base_url=api_url,
            headers={"authorization": f"Bearer {key}"},
            timeout=POLL + 10,
            trust_env=False,
        )

    async def __aenter__(self) -> "Shop":
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._client.aclose()

    async def order(self, order_id: str, amount: int, what: str, **terms: object) -> Escrow:
        """Start a purchase over `amount` fen."""
        body = {
            "order_id": order_id,
            "amount": amount,
            "currency": "CNY",
            "description": what,
            "buyer": {"email": "buyer@shop.example"},
            "return_url": f"https://shop.example/orders/{order_id}",
        }
        return await self.command("/v1/escrows", body | ({"terms": terms} if terms else {}))

    async def orders(self) -> list[Escrow]:
        """The newest hundred purchases, newest first."""
        answer = await self._client.get("/v1/escrows", params={"limit": 100})
        return list(_accepted(answer)["data"])

    async def read(self, path: str) -> dict[str, Any]:
        """GET. Raises Refused."""
        return _accepted(await self._client.get(path))

    async def command(
        self, path: str, body: dict[str, object] | None = None, *, token: str = ""
    ) -> Escrow:
        """POST with a key of its own; `token` makes it the buyer's instead. Raises Refused."""
        headers = {"idempotency-key": uuid4().hex}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return _accepted(await self._client.post(path, json=body or {}, headers=headers))

    async def say(self, escrow: Escrow, statement: str, *, token: str = "") -> None:
        """Add to an open dispute; `token` makes it the buyer's words. Raises Refused."""
        # A part without a file's name is a field.
        await self._add(escrow, {"statement": (None, statement.encode())}, token)

    async def show(self, escrow: Escrow, name: str, file: bytes, *, token: str = "") -> None:
        """Add a file to an open dispute; `token` makes it the buyer's. Raises Refused."""
        await self._add(escrow, {"file": (name, file)}, token)

    async def _add(
        self, escrow: Escrow, parts: dict[str, tuple[str | None, bytes]], token: str
    ) -> None:
        headers = {"idempotency-key": uuid4().hex}
        if token:
            headers["authorization"] = f"Bearer {token}"
        path = f"/v1/escrows/{escrow['id']}/dispute/evidence"
        _accepted(await self._client.post(path, files=parts, headers=headers))

    async def until(self, escrow_id: str, *statuses: str) -> Escrow:
        """Wait, by long polls, until the purchase has one of these. Raises Refused."""
        path = f"/v1/escrows/{escrow_id}"
        escrow = _accepted(await self._client.get(path))
        for _ in range(POLLS):
            if escrow["status"] in statuses:
                return escrow
            known = {"if-none-match": f'"{escrow["version"]}"'}
            answer = await self._client.get(path, params={"wait": POLL}, headers=known)
            escrow = escrow if answer.status_code == 304 else _accepted(answer)
        raise Refused(f"{escrow_id} is still {escrow['status']}, not {' or '.join(statuses)}")


def buyers_token(escrow: Escrow) -> str:
    """What the buyer got with the link."""
    return str(escrow["checkout_url"]).rsplit("/", 1)[1]


def _accepted(answer: httpx2.Response) -> Escrow:
    if answer.is_success:
        escrow: Escrow = answer.json()
        return escrow
    request = answer.request
    raise Refused(f"{request.method} {request.url} answered {answer.status_code}: {answer.text}")


@dataclass(slots=True)
class Notices:
    """What a merchant was told, every signature checked."""

    url: str
    secret: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0

    def about(self, subject: str) -> list[str]:
        """Types of the events of one purchase or payout in the order of their sequence."""
        theirs = {
            notice["data"]["sequence"]: str(notice["type"])
            for notice in self.heard
            if (notice["data"].get("escrow") or notice["data"]["payout"])["id"] == subject
        }
        return [theirs[sequence] for sequence in sorted(theirs)]

    async def complete(self, subject: str, last: str) -> list[str]:
        """Wait until the event `last` has been heard; notices may come in any order."""
        for _ in range(POLL * POLLS * 10):
            if last in self.about(subject):
                break
            await asyncio.sleep(0.1)
        return self.about(subject)


@contextlib.asynccontextmanager
async def listening(port: int) -> AsyncIterator[Notices]:
    """A merchant's webhook endpoint at `port`; set `secret` once it is known."""
    notices = Notices(f"http://{LOOPBACK}:{port}/webhooks")

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, EOFError):
            headers, body = await _request(reader)
            try:
                notices.heard.append(Webhook(notices.secret).verify(body, headers))
                status = "204 No Content"
            except WebhookVerificationError:
                notices.forged += 1
                status = "401 Unauthorized"
            writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, LOOPBACK, port)
    async with server:
        yield notices


async def _request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    """Headers by lower-case name, and the body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()[1:-1]
    headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head)}
    return headers, await reader.readexactly(int(headers["content-length"]))
