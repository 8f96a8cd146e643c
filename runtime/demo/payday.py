"""The last steps: the day is cleared, the shop's bank has the money, and our bank's books agree."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx2

from runtime.demo.merchant import NewMerchant, typed
from runtime.demo.shop import Refused, Shop
from runtime.stack import Stack

#: An account at another bank, as the sandbox bank publishes them: what is sent there arrives.
ACCOUNT = "6217000000000018"
CURRENCY = "CNY"
#: What a person reads after the chapters of the purchase.
PAYDAY = (
    "The day is cleared",
    "The shop's bank receives the money",
    "The bank closes its day, and its statement agrees with the books",
)
DONE = "One purchase, from the order to the reconciled day"
#: Seconds between two looks, and how many of them anything may take: a slow machine.
LOOK_EVERY, LOOKS = 0.25, 480


@dataclass(frozen=True, slots=True)
class Payday:
    """The payout as the API shows it, and the amounts of its lines."""

    payout: dict[str, Any]
    lines: list[int]


async def say_where_to_pay(stack: Stack, merchant: NewMerchant, holder: str) -> None:
    """On the clearing day of the release. Raises NotOnboarded."""
    where = ("--holder", holder, "--account", ACCOUNT, "--days", "0")
    await typed(stack, "api.merchant", "pay-to", merchant.id, "--currency", CURRENCY, *where)


async def clear(stack: Stack) -> None:
    """Clear the first day that nobody has cleared. Raises NotOnboarded."""
    await typed(stack, "api.clear", "--ahead", "--currency", CURRENCY)


async def reconciled(stack: Stack) -> dict[str, Any]:
    """The bank's statement of a day that it has just closed: as `./dev reconcile --json` says it,
    with the `breaks` beside it. Raises NotOnboarded when something is not explained.
    """
    async with httpx2.AsyncClient(base_url=stack.at.bank_url, trust_env=False) as bank:
        key = {"authorization": f"Bearer {stack.secrets.bank_api_key}"}
        (await bank.post("/sandbox/days/close", json={}, headers=key)).raise_for_status()
    seen: dict[str, Any] = await typed(stack, "api.reconcile")
    days = [one for one in seen["statements"] if one["currency"] == CURRENCY]
    return {**days[0], "breaks": seen["breaks"]}


async def paid(shop: Shop) -> Payday:
    """Wait until the newest payout has arrived, or never will. Raises Refused."""
    for _ in range(LOOKS):
        payouts = (await shop.read("/v1/payouts"))["data"]
        if payouts and payouts[0]["status"] not in ("opened", "sent"):
            lines = await shop.read(f"/v1/payouts/{payouts[0]['id']}/lines")
            return Payday(payouts[0], [line["amount"] for line in lines["data"]])
        await asyncio.sleep(LOOK_EVERY)
    raise Refused("nothing was paid out to the shop")
