"""The sandbox bank's API where a merchant's message is wrong, and its door for faults."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests import buyer
from tests.buyer import TLS
from tests.integration.banks.houses import House


def order(**changes: Any) -> dict[str, Any]:
    return {
        "reference": f"esc_{uuid4().hex}:payment:1",
        "amount": 5_000,
        "currency": "EUR",
        "funding": "deduct",
        "return_url": "https://shop.invalid/",
        **changes,
    }


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Bearer", "Basic é"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/payments"), ("GET", "/v1/journal"), ("POST", "/sandbox/faults")],
)
async def test_nobody_without_the_key(house: House, key: str, method: str, path: str) -> None:
    async with httpx2.AsyncClient(base_url=house.url, verify=TLS) as stranger:
        headers = {b"authorization": key.encode()} if key else None
        answer = await stranger.request(method, path, headers=headers, json=order())
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorised"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.5},
        {"amount": 1.0},
        {"amount": "5"},
        {"amount": True},
        {"amount": 10**15},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"funding": "wish"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "/back"},
        {"reference": ""},
        {"reference": "a b"},
        {"reference": "x" * 121},
        {"reference": None},
        {"tip": 5},
    ],
    ids=repr,
)
async def test_a_wrong_order_is_refused_and_not_remembered(
    house: House, changes: dict[str, Any]
) -> None:
    right = order()
    answer = await house.api.post("/v1/payments", json={**right, **changes})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"
    assert (await house.api.post("/v1/payments", json=right)).status_code == 201


async def test_the_journal_is_read_page_by_page(house: House) -> None:
    reference, page = await house.payment()
    await buyer.pay(page)
    for number in range(1, 6):
        await house.refund(reference, 100, number)
    prefix, after, read = reference.partition(":")[0], 0, []
    while True:
        query: dict[str, str | int] = {"prefix": prefix, "after": after, "limit": 4}
        lines = (await house.api.get("/v1/journal", params=query)).json()["entries"]
        if not lines:
            break
        assert len(lines) <= 4
        read += [line["kind"] for line in lines]
        after = lines[-1]["id"]
    assert read == ["deduct"] + ["refund"] * 5


async def test_the_journal_says_from_whom_to_whom(house: House) -> None:
    reference, page = await house.payment(funding="freeze")
    await buyer.pay(page, "han.meimei")
    answer = await house.api.get("/v1/journal", params={"prefix": reference})
    (line,) = answer.json()["entries"]
    assert (line["debit"], line["credit"]) == ("payer:han.meimei", "holds")
    assert (line["amount"], line["currency"]) == (5_000, "EUR")


async def test_a_forgotten_reference_is_a_new_order(forgetful: House) -> None:
    """Real banks forget: this is why nothing old is ever sent again blind."""
    reference, page = await forgetful.payment()
    await buyer.pay(page)
    await forgetful.refund(reference, 100)
    await asyncio.sleep(1.5)
    await forgetful.refund(reference, 100)
    assert (await forgetful.journal(reference)).count(("refund", 100)) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "refund", "kind": "twice"},
        {"call": "callback", "kind": "lost"},
        {"call": "close", "kind": "declined"},
        {"call": "nothing", "kind": "lost"},
        {"call": "refund", "kind": "lost", "share": 2},
        {"call": "refund", "kind": "lost", "seconds": -1},
    ],
)
async def test_only_faults_that_can_happen_are_ordered(house: House, fault: dict[str, Any]) -> None:
    answer = await house.api.post("/sandbox/faults", json=fault)
    assert answer.status_code == 400


async def test_ordered_faults_strike_a_share_and_say_how_often(mortal: House) -> None:
    await mortal.fault("find", "error", share=0.5, seed="7", prefix="esc_share")
    struck = 0
    for number in range(60):
        answer = await mortal.api.get(f"/v1/operations/esc_share:{number}")
        struck += answer.status_code == 503
    assert 15 <= struck <= 45
    faults = (await mortal.api.get("/sandbox/faults")).json()["faults"]
    assert [fault["fired"] for fault in faults if fault["prefix"] == "esc_share"] == [struck]
    assert (await mortal.api.delete("/sandbox/faults")).status_code == 204
    assert (await mortal.api.get("/v1/operations/esc_share:0")).status_code == 404


async def test_the_same_seed_strikes_the_same_calls(mortal: House) -> None:
    async def statuses() -> list[int]:
        await mortal.fault("find", "error", share=0.3, seed="42", prefix="esc_seed")
        answers = [
            (await mortal.api.get(f"/v1/operations/esc_seed:{number}")).status_code
            for number in range(30)
        ]
        await mortal.api.delete("/sandbox/faults")
        return answers

    assert await statuses() == await statuses()


async def test_a_fault_ordered_twice_strikes_each_reference_twice(mortal: House) -> None:
    await mortal.fault("find", "error", per_reference=2, times=3, prefix="esc_times")
    asked = [f"/v1/operations/esc_times:{who}" for who in ("a", "a", "a", "b", "b")]
    answers = [(await mortal.api.get(path)).status_code for path in asked]
    assert answers == [503, 503, 404, 503, 404]
