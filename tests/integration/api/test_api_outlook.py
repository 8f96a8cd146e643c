"""Where a purchase goes from here, as both sides read it."""

from datetime import datetime
from typing import Any

from tests.conftest import Temporal
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank


def path(escrow: dict[str, Any]) -> str:
    return f"/v1/escrows/{escrow['id']}/outlook"


async def test_an_unpaid_purchase_waits_for_its_buyer(shop: Shop) -> None:
    escrow = await shop.create()
    answer = await shop.get(path(escrow))
    said = answer.json()

    assert (said["turn"], answer.headers["ETag"]) == ("buyer", '"1"')
    assert said["may"] == {"buyer": ["pay", "cancel"], "merchant": ["cancel"], "operator": []}
    [lapse] = said["if_nobody_acts"]
    assert (lapse["name"], lapse["status"], lapse["at"]) == (
        "payment_lapsed",
        "closed",
        escrow["deadline"],
    )


async def test_it_knows_what_the_row_leaves_out(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    """The one extension was used, the one dispute that is left is not."""
    sent = await shipped(shop, teller, temporal)
    buyer = token_of(sent)
    for command in ("extension", "dispute", "dispute/withdrawal"):
        body = {"amount": 100, "reason": "other"} if command == "dispute" else {}
        done = await shop.post(f"/v1/escrows/{sent['id']}/{command}", body, token=buyer)
        assert done.status_code == 200, done.text

    may = (await shop.get(path(sent))).json()["may"]
    assert may["buyer"] == ["confirm_receipt", "dispute"]


async def test_a_disputed_purchase_tells_both_ways_of_its_money(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    sent = await shipped(shop, teller, temporal)
    complaint = {"amount": 4000, "reason": "damaged"}
    opened = await shop.post(f"/v1/escrows/{sent['id']}/dispute", complaint, token=token_of(sent))
    answer = await shop.http.get(path(sent), headers={"Authorization": f"Bearer {token_of(sent)}"})
    said = answer.json()

    assert (said["turn"], said["version"]) == ("merchant", opened.json()["version"])
    assert said["may"]["merchant"] == ["delivered", "extend", "refund", "accept", "contest"]
    assert [
        (step["name"], step["released"], step["refunded"]) for step in said["if_nobody_acts"]
    ] == [
        ("answer_lapsed", 0, 0),
        ("inspection_lapsed", 8900, 0),
        ("arbitration_lapsed", 8900, 4000),
    ]
    moments = [datetime.fromisoformat(step["at"]) for step in said["if_nobody_acts"]]
    assert moments == sorted(moments)
    assert said["if_nobody_acts"][0]["at"] == opened.json()["dispute"]["deadline"]
