"""Where a bank is tried: its port, its buyers, its faults and its own journal.

The fake and the real process stand the same trial; a test sees only a `Stand`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import httpx2

from banks.port import Bank, Declined, Payer, Redirect, Truth
from banks.rest import RestBank
from banks.sandbox.magic import PAYERS, Fault
from domain.terms import Funding
from runtime.demo.browser import PageNotAsExpected
from tests import buyer
from tests.conftest import BankService
from tests.fakes import Entry, FakeBank

PRICE = 12_345
CURRENCY = "CNY"
#: Far longer than any fault lasts; reached only when something never happens.
PATIENCE = 30.0


class Stand(Protocol):
    @property
    def bank(self) -> Bank: ...

    @property
    def impatient(self) -> Bank:
        """The same bank, asked by somebody who hardly waits."""

    async def pay(
        self, reference: str, customer: str = "li.lei", *, remember: bool = False
    ) -> None: ...

    async def pay_saved(self, reference: str) -> None: ...

    async def cancel(self, reference: str) -> None: ...

    async def order(self, reference: str, fault: Fault) -> None:
        """One call about a reference that begins like this meets `fault`, once."""

    async def journal(self, prefix: str) -> list[Entry]: ...

    async def close_day(self) -> None:
        """Make the statements of the day that is open at the bank, and open the next."""

    async def send_back(self, reference: str) -> None:
        """The other bank sends a remittance back, with AC04."""


@dataclass
class FakeStand:
    bank: FakeBank

    @property
    def impatient(self) -> FakeBank:
        return self.bank

    async def pay(
        self, reference: str, customer: str = "li.lei", *, remember: bool = False
    ) -> None:
        self.bank.pay(reference, customer, remember=remember)

    async def pay_saved(self, reference: str) -> None:
        self.bank.pay_saved(reference)

    async def cancel(self, reference: str) -> None:
        self.bank.cancel(reference)

    async def order(self, reference: str, fault: Fault) -> None:
        self.bank.faults.order(reference, fault)

    async def journal(self, prefix: str) -> list[Entry]:
        return [entry for entry in self.bank.journal if entry.reference.startswith(prefix)]

    async def close_day(self) -> None:
        self.bank.statements.close()

    async def send_back(self, reference: str) -> None:
        self.bank.remitter.send_back(reference, "AC04")


@dataclass
class SandboxStand:
    """The bank as a process; `client` has its base URL."""

    client: httpx2.AsyncClient
    api_key: str
    bank: RestBank
    impatient: RestBank
    pages: dict[str, str] = field(default_factory=dict)

    async def pay(
        self, reference: str, customer: str = "li.lei", *, remember: bool = False
    ) -> None:
        # A buyer whose line is cut, or who reads that it was declined, has done what buyers do.
        with contextlib.suppress(httpx2.TransportError, PageNotAsExpected):
            if remember:
                card = next(payer.card for payer in PAYERS if payer.customer == customer)
                await buyer.pay_by_card(await self._page(reference), card, remember=True)
            else:
                await buyer.pay(await self._page(reference), customer)

    async def pay_saved(self, reference: str) -> None:
        with contextlib.suppress(httpx2.TransportError, PageNotAsExpected):
            await buyer.pay_saved(await self._page(reference))

    async def cancel(self, reference: str) -> None:
        await buyer.cancel(await self._page(reference))

    async def order(self, reference: str, fault: Fault) -> None:
        body = {
            "call": fault.call,
            "kind": fault.kind,
            "seconds": fault.seconds,
            "code": fault.code,
            "prefix": reference,
            "times": 1,
        }
        (await self.client.post("/sandbox/faults", json=body)).raise_for_status()

    async def journal(self, prefix: str) -> list[Entry]:
        answer = await self.client.get("/v1/journal", params={"prefix": prefix})
        return [
            Entry(line["kind"], line["reference"], line["debit"], line["credit"], line["amount"])
            for line in answer.raise_for_status().json()["entries"]
        ]

    async def close_day(self) -> None:
        (await self.client.post("/sandbox/days/close")).raise_for_status()

    async def send_back(self, reference: str) -> None:
        body = {"reference": reference, "reason": "AC04"}
        (await self.client.post("/sandbox/returns", json=body)).raise_for_status()

    async def _page(self, reference: str) -> str:
        """The buyer's browser still has it open, whatever has become of the payment."""
        return self.pages[reference]


@contextlib.asynccontextmanager
async def sandbox_stand(service: BankService) -> AsyncIterator[SandboxStand]:
    headers = {"authorization": f"Bearer {service.api_key}"}
    async with (
        httpx2.AsyncClient(base_url=service.url, verify=buyer.TLS) as client,
        httpx2.AsyncClient(base_url=service.url, headers=headers, verify=buyer.TLS) as operator,
    ):
        yield SandboxStand(
            operator,
            service.api_key,
            RestBank(client, service.api_key),
            RestBank(client, service.api_key, patience=timedelta(seconds=0.5)),
        )


@dataclass
class Trade:
    """One purchase at one bank."""

    stand: Stand
    return_url: str
    id: str = field(default_factory=lambda: f"esc_{uuid4().hex}")
    amount: int = PRICE

    @property
    def bank(self) -> Bank:
        return self.stand.bank

    def ref(self, what: str = "payment", number: int = 1) -> str:
        return f"{self.id}:{what}:{number}"

    async def start(
        self,
        funding: Funding = Funding.DEDUCT,
        *,
        bank: Bank | None = None,
        currency: str = CURRENCY,
        payer: Payer | None = None,
    ) -> Redirect | Declined:
        page = await (bank or self.bank).start_payment(
            self.ref(), self.amount, currency, funding, self.return_url, payer
        )
        if isinstance(page, Redirect) and isinstance(self.stand, SandboxStand):
            self.stand.pages[self.ref()] = page.url
        return page

    async def pay(self, customer: str = "li.lei") -> None:
        await self.stand.pay(self.ref(), customer)

    async def paid(self, funding: Funding = Funding.DEDUCT, customer: str = "li.lei") -> None:
        await self.start(funding)
        await self.pay(customer)

    async def find(self, what: str = "payment", number: int = 1) -> Truth:
        return await self.bank.find(self.ref(what, number))

    async def refund(self, amount: int = PRICE, number: int = 1, bank: Bank | None = None) -> Any:
        return await (bank or self.bank).refund(
            self.ref("refund", number), self.ref(), amount, CURRENCY
        )

    async def deduct(self, amount: int = PRICE, number: int = 1, bank: Bank | None = None) -> Any:
        return await (bank or self.bank).deduct(
            self.ref("deduct", number), self.ref(), amount, CURRENCY
        )

    async def unfreeze(self, number: int = 1, bank: Bank | None = None) -> Any:
        return await (bank or self.bank).unfreeze(self.ref("unfreeze", number), self.ref())

    async def fault(self, fault: Fault) -> None:
        await self.stand.order(self.id, fault)

    async def moves(self) -> list[tuple[str, int]]:
        """(kind, amount) of every movement of this purchase, by the bank's own journal."""
        return [(line.kind, line.amount) for line in await self.stand.journal(f"{self.id}:")]

    async def finds(self, truth: Truth, what: str = "payment") -> None:
        """Wait until the bank shows it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if await self.find(what) == truth:
                    return
                await asyncio.sleep(0.1)
