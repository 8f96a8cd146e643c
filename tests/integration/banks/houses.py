"""A sandbox bank of a test's own, which may be killed and started again."""

import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from runtime.embedded.places import LOOPBACK, free_ports, inherited
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.process import Process
from tests.buyer import TLS
from tests.conftest import ROOT, answers


@dataclass
class House:
    """`api` carries the key. The payments' buyers come back to a page of the bank itself."""

    process: Process
    url: str
    secret: str
    api: httpx2.AsyncClient

    async def start(self) -> None:
        self.process.start()
        await self.process.ready(lambda: answers(f"{self.url}/healthz"))

    async def payment(
        self,
        amount: int = 5_000,
        funding: str = "deduct",
        currency: str = "EUR",
        **more: Any,
    ) -> tuple[str, str]:
        """A started payment: its reference and its page."""
        reference = f"esc_{uuid4().hex}:payment:1"
        order = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "funding": funding,
            "return_url": f"{self.url}/healthz",
            **more,
        }
        answer = await self.api.post("/v1/payments", json=order)
        return reference, str(answer.raise_for_status().json()["page_url"])

    async def refund(self, of: str, amount: int = 5_000, number: int = 1) -> httpx2.Response:
        reference = of.replace(":payment:1", f":refund:{number}")
        order = {"reference": reference, "amount": amount, "currency": "EUR"}
        return await self.api.post(f"/v1/payments/{of}/refunds", json=order)

    async def fault(self, call: str, kind: str, **how: Any) -> None:
        body = {"call": call, "kind": kind, **how}
        (await self.api.post("/sandbox/faults", json=body)).raise_for_status()

    async def find(self, reference: str) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/operations/{reference}")
        return dict(answer.json())

    async def journal(self, reference: str) -> list[tuple[str, int]]:
        """(kind, amount) of everything done for the purchase of this payment."""
        prefix = reference.partition(":")[0]
        answer = await self.api.get("/v1/journal", params={"prefix": prefix})
        return [(line["kind"], line["amount"]) for line in answer.json()["entries"]]


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    await house.start()
    yield house
    await house.api.aclose()
    await house.process.stop()


async def built(
    postgres: PostgresServer, log: Any, callback_url: str = "", **settings: str
) -> House:
    """Not yet started. `settings` are SANDBOX_BANK_… names in lower case."""
    port, nobody = free_ports(0, 0)
    url, key, secret = f"http://{LOOPBACK}:{port}", secrets.token_hex(16), secrets.token_hex(32)
    name = f"bank_{uuid4().hex[:12]}"
    told = {
        "database_url": await postgres.create_database(name, "sandbox_bank"),
        "host": LOOPBACK,
        "port": str(port),
        "public_url": url,
        "api_key": key,
        "callback_url": callback_url or f"http://{LOOPBACK}:{nobody}/",
        "callback_secret": secret,
        **settings,
    }
    process = Process(
        name=name,
        argv=[sys.executable, "-m", "banks.sandbox"],
        env={
            **inherited(os.environ),
            **{f"SANDBOX_BANK_{word.upper()}": value for word, value in told.items()},
        },
        cwd=ROOT,
        log=log,
    )
    headers = {"authorization": f"Bearer {key}"}
    api = httpx2.AsyncClient(base_url=url, headers=headers, verify=TLS, timeout=20)
    return House(process, url, secret, api)
