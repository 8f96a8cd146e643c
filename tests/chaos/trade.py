"""Shops and buyers that repeat what was not answered, under the same key, as ours tell them to."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from clearing.opening import payout_id
from clearing.runs import day_ahead
from runtime.database import engine
from runtime.demo.browser import Browser, Page, PageNotAsExpected
from runtime.demo.merchant import NewMerchant, new_merchant
from runtime.demo.payday import say_where_to_pay
from runtime.demo.purchase import Buyer
from runtime.demo.shop import Escrow, Refused, Shop, buyers_token
from runtime.stack import Stack
from runtime.temporal import connect

PRICE = 12_900
#: Far longer than a healing takes; reached only when something never happens.
PATIENCE = 300.0


class PatientShop(Shop):
    """Takes no answer and 5xx for what they are: unknown. The same key again tells."""

    async def command(
        self, path: str, body: dict[str, object] | None = None, *, token: str = ""
    ) -> Escrow:
        headers = {"idempotency-key": uuid4().hex}
        if token:
            headers["authorization"] = f"Bearer {token}"
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await self._client.post(path, json=body or {}, headers=headers)
                    if answer.is_success:
                        return dict(answer.json())
                    in_flight = answer.json().get("code") == "idempotency_key_in_flight"
                    if answer.status_code < 500 and not in_flight:
                        raise Refused(answer.text)
                await asyncio.sleep(0.5)

    async def order_once(self, order_id: str) -> None:
        """Send it and never look back."""
        await Shop.command(self, "/v1/escrows", order_body(order_id))

    async def find(self, order_id: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    found = await self._client.get("/v1/escrows", params={"order_id": order_id})
                    if found.is_success and found.json()["data"]:
                        return str(found.json()["data"][0]["id"])
                await asyncio.sleep(0.5)

    async def look(self, escrow_id: str) -> Escrow:
        answer = await self._client.get(f"/v1/escrows/{escrow_id}")
        return dict(answer.raise_for_status().json())


def order_body(order_id: str) -> dict[str, object]:
    return {
        "order_id": order_id,
        "amount": PRICE,
        "currency": "CNY",
        "description": "boots",
        "buyer": {"email": "buyer@shop.example"},
        "return_url": "https://shop.example/back",
    }


@dataclass
class Street:
    """A shop, its buyers and their bank."""

    stack: Stack
    shop: PatientShop
    bank: httpx2.AsyncClient
    plans: Path
    temporal: Client
    merchant: NewMerchant
    deaths: list[str] = field(default_factory=list)

    async def order(self, **terms: object) -> Escrow:
        return await self.shop.order(f"order-{uuid4().hex[:8]}", PRICE, "boots", **terms)

    async def pay(self, escrow: Escrow, method: str = "online_banking") -> None:
        """Pay at the bank's page; whoever finds no page, or a closed one, chooses again."""
        async with Browser() as browser, asyncio.timeout(PATIENCE):
            while (await self.look(escrow))["status"] == "awaiting_payment":
                with contextlib.suppress(PageNotAsExpected, httpx2.TransportError):
                    page = await self.at_bank(browser, escrow, method)
                    await Buyer(self.shop, browser).approve(page)
                    return
                await asyncio.sleep(1)

    async def at_bank(self, browser: Browser, escrow: Escrow, method: str) -> Page:
        cashier = await browser.open(escrow["checkout_url"])
        page = await browser.press(cashier, f"sandbox/{method}")
        if not page.url.startswith(self.stack.at.bank_url):
            raise PageNotAsExpected(f"{page.url} is not at the bank: {page.text[:200]}")
        return page

    async def look(self, escrow: Escrow) -> Escrow:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx2.HTTPError):
                    return await self.shop.look(escrow["id"])
                await asyncio.sleep(0.3)

    async def ship(self, escrow: Escrow) -> Escrow:
        return await self.shop.command(f"/v1/escrows/{escrow['id']}/shipment", {"carrier": "SF"})

    async def refund(self, escrow: Escrow, amount: int = PRICE) -> Escrow:
        return await self.shop.command(f"/v1/escrows/{escrow['id']}/refunds", {"amount": amount})

    async def confirm(self, escrow: Escrow) -> Escrow:
        path = f"/v1/escrows/{escrow['id']}/receipt"
        return await self.shop.command(path, token=buyers_token(escrow))

    async def until(self, escrow: Escrow, *statuses: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await self.look(escrow))["status"] in statuses:
                    return
                await asyncio.sleep(0.3)

    async def workflow_ends(self, escrow: Escrow) -> None:
        """Every way out has its definitive answer."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(RPCError):
                    seen = await self.temporal.get_workflow_handle(escrow["id"]).describe()
                    if seen.status is WorkflowExecutionStatus.COMPLETED:
                        return
                await asyncio.sleep(0.5)

    async def payday(self) -> str:
        """Bank details for the shop, and everything it is owed on its way there; the payout."""
        await say_where_to_pay(self.stack, self.merchant, "Chaos & Sons")
        pool = engine(self.stack.at.app_url, pool_size=1)
        async with pool.connect() as connection:
            run = await day_ahead(connection, "sandbox", "CNY")
        await pool.dispose()
        return payout_id(run, self.merchant.id)

    async def paid(self, payout: str) -> dict[str, Any]:
        """The payout, once the bank says that it has arrived."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx2.TransportError, Refused):
                    seen = await self.shop.read(f"/v1/payouts/{payout}")
                    if seen["status"] == "settled":
                        return seen
                await asyncio.sleep(0.5)

    async def moved(self, escrow: Escrow) -> Counter[str]:
        """What the bank's own journal says was done for this purchase, by kind."""
        return Counter(entry["kind"] for entry in await self.journal(escrow["id"]))

    async def journal(self, prefix: str = "esc_") -> list[dict[str, Any]]:
        """The bank's own journal, by its own door."""
        answer = await self.bank.get("/v1/journal", params={"prefix": prefix, "limit": "10000"})
        return list(answer.raise_for_status().json()["entries"])


@contextlib.asynccontextmanager
async def street_of(stack: Stack, plans: Path) -> AsyncIterator[Street]:
    merchant = await new_merchant(stack, "Chaos & Sons", "http://127.0.0.1:9/nobody")
    patient = PatientShop(stack.at.api_url, merchant.api_key)
    key = stack.parts["bank"].process.env["SANDBOX_BANK_API_KEY"]
    async with (
        patient,
        httpx2.AsyncClient(
            base_url=stack.at.bank_url, headers={"authorization": f"Bearer {key}"}
        ) as bank,
    ):
        temporal = await connect("chaos", address=stack.at.temporal_address)
        yield Street(stack, patient, bank, plans, temporal, merchant)
