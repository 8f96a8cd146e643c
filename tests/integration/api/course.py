"""How a purchase gets somewhere: through the doors, with a bank that is scripted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from banks.port import Deducted, Frozen
from tests.conftest import Temporal
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank
from workflows.commands import BankReport

CHOICE = {"bank": "sandbox", "method": "online_banking"}


async def until(shop: Shop, escrow: dict[str, Any], status: str) -> dict[str, Any]:
    """The purchase once it has this public status."""
    for _ in range(20):
        if escrow["status"] == status:
            return escrow
        answer = await shop.http.get(
            f"/v1/escrows/{escrow['id']}",
            params={"wait": 5},
            headers={**shop.headers(), "If-None-Match": f'"{escrow["version"]}"'},
        )
        escrow = escrow if answer.status_code == 304 else answer.json()
    raise AssertionError(f"still {escrow['status']}, not {status}")


async def paid(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, **changes: Any
) -> dict[str, Any]:
    escrow = await shop.create(**changes)
    path = f"/v1/escrows/{escrow['id']}/payment"
    page = await shop.post(path, CHOICE, token=token_of(escrow))
    assert page.status_code == 200, page.text
    reference = f"{escrow['id']}:payment:1"
    frozen = changes.get("terms", {}).get("funding") == "freeze"
    later = datetime.now(UTC) + timedelta(days=5)
    amount = escrow["amount"]
    teller.truths[reference] = Frozen(amount, later) if frozen else Deducted(amount)
    handle = temporal.client.get_workflow_handle(escrow["id"])
    await handle.signal("bank_reported", BankReport(reference))
    return await until(shop, escrow, "awaiting_shipment")


async def shipped(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    escrow = await paid(shop, teller, temporal)
    answer = await shop.post(f"/v1/escrows/{escrow['id']}/shipment", {"carrier": "SF"})
    assert answer.status_code == 200, answer.text
    sent: dict[str, Any] = answer.json()
    return sent
