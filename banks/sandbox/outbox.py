"""What the bank reports by itself: committed with what it reports, sent until it is heard.

Bank-Event-Id: bev_…
Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and the raw body>
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

import httpx2
import structlog

from banks.sandbox.clock import now
from banks.sandbox.faults import Met
from banks.sandbox.magic import Kind
from banks.sandbox.outage import OUTAGES

#: How long the merchant may take to say 2xx.
PATIENCE = 5.0
#: After the n-th silence the wait is twice the one before, up to the longest.
FIRST_WAIT = timedelta(seconds=0.5)
LONGEST_WAIT = timedelta(seconds=30)
#: Sent at once, in the order in which they fell due.
BATCH = 50
#: How soon a report that falls due by the clock is noticed.
TICK = 0.25
#: How far behind the newer report the older one comes, when they are reordered.
OVERTAKEN_BY = timedelta(seconds=2)

log = structlog.get_logger()


class Outbox:
    def __init__(self, pool: Any, client: httpx2.AsyncClient, url: str, secret: str) -> None:
        self._pool = pool
        self._client = client
        self._url = url
        self._secret = secret
        self._news = asyncio.Event()

    async def put(self, connection: Any, kind: str, reference: str, met: Met) -> None:
        """Report `kind` of `reference` in the caller's transaction, as the faults will have it."""
        if met.get(Kind.NEVER):
            return
        due = now() + timedelta(seconds=met.seconds(Kind.LATE))
        if met.get(Kind.REORDERED):
            await _keep(connection, "payment.processing", reference, due + OVERTAKEN_BY)
        await _keep(connection, kind, reference, due, copies=2 if met.get(Kind.TWICE) else 1)

    def wake(self) -> None:
        """Something was committed: don't wait for the next tick."""
        self._news.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            try:
                sent = await self._send_due()
            except OUTAGES as outage:
                log.warning("outbox waits for the database", error=repr(outage))
                sent = 0
            if sent < BATCH:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(TICK):
                await self._news.wait()
        except TimeoutError:
            return
        finally:
            self._news.clear()

    async def _send_due(self) -> int:
        rows = await self._pool.fetch(
            "SELECT id, event_id, body, tries FROM callback"
            " WHERE delivered_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2",
            now(),
            BATCH,
        )
        await asyncio.gather(*map(self._send, rows))
        return len(rows)

    async def _send(self, row: Any) -> None:
        if await self._heard(row["event_id"], row["body"].encode()):
            await self._pool.execute(
                "UPDATE callback SET delivered_at = $2, tries = tries + 1 WHERE id = $1",
                row["id"],
                now(),
            )
            return
        wait = min(FIRST_WAIT * 2 ** min(row["tries"], 10), LONGEST_WAIT)
        await self._pool.execute(
            "UPDATE callback SET due_at = $2, tries = tries + 1 WHERE id = $1",
            row["id"],
            now() + wait,
        )

    async def _heard(self, event_id: str, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "Bank-Event-Id": event_id,
            "Bank-Signature": signature(str(int(time.time())), body, self._secret),
        }
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.post(self._url, content=body, headers=headers)
        except (httpx2.HTTPError, TimeoutError):
            return False
        return answer.is_success


def signature(at: str, body: bytes, secret: str) -> str:
    """The header's value: signed anew at every try, so an honest report is never old."""
    digest = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


async def _keep(connection: Any, kind: str, reference: str, due: datetime, copies: int = 1) -> None:
    event_id = f"bev_{secrets.token_hex(16)}"
    body = {"event_id": event_id, "type": kind, "reference": reference, "at": now().isoformat()}
    for _ in range(copies):
        await connection.execute(
            "INSERT INTO callback (event_id, body, due_at) VALUES ($1, $2, $3)",
            event_id,
            json.dumps(body),
            due,
        )
