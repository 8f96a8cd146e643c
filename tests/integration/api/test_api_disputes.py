"""A dispute at the doors: who may say what, what becomes of the money, and saying it twice."""

from typing import Any
from uuid import uuid4

import pytest

from api.dispute_ids import dispute_id
from api.scopes import Scope
from tests.conftest import Temporal
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

PART = {"amount": 4000, "reason": "damaged"}
ACCEPT, CONTEST = {"answer": "accept"}, {"answer": "contest"}
MONEY = ("held", "disputed", "released", "refunded")


def path(escrow: dict[str, Any], more: str = "") -> str:
    return f"/v1/escrows/{escrow['id']}/dispute{more}"


def money(escrow: dict[str, Any]) -> tuple[int, ...]:
    return tuple(escrow[name] for name in MONEY)


@pytest.fixture
async def sent(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    return await shipped(shop, teller, temporal)


@pytest.fixture
async def disputed(shop: Shop, sent: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.post(path(sent), PART, token=token_of(sent))
    assert answer.status_code == 200, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


async def test_a_part_is_disputed_and_the_rest_can_be_confirmed(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    assert disputed["status"] == "disputed"
    assert money(disputed) == (8900, 4000, 0, 0)
    complaint = disputed["dispute"]
    assert complaint["id"] == dispute_id(disputed["id"], 1)
    assert (complaint["state"], complaint["amount"], complaint["reason"]) == (
        "open",
        4000,
        "damaged",
    )
    assert disputed["updated_at"] < complaint["deadline"]

    receipt = f"/v1/escrows/{disputed['id']}/receipt"
    assert (await shop.post(receipt, token=token_of(disputed))).status_code == 202
    released = await until(shop, disputed | {"status": ""}, "disputed")
    while released["held"]:
        released = await until(shop, released | {"status": ""}, "disputed")
    assert money(released) == (0, 4000, 8900, 0)


async def test_the_merchant_accepts_and_the_money_goes_back(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    answer = await shop.post(path(disputed, "/answer"), ACCEPT)

    assert answer.status_code == 200
    assert money(answer.json()) == (8900, 0, 0, 4000)
    assert answer.json()["dispute"] is None
    assert answer.json()["status"] == "awaiting_confirmation"


async def test_the_merchant_contests_and_can_still_accept(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    contested = (await shop.post(path(disputed, "/answer"), CONTEST)).json()
    assert contested["dispute"]["state"] == "arbitration"
    assert contested["dispute"]["deadline"] > disputed["dispute"]["deadline"]

    again = await shop.post(path(disputed, "/answer"), CONTEST)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_stage")

    accepted = await shop.post(path(disputed, "/answer"), ACCEPT)
    assert money(accepted.json()) == (8900, 0, 0, 4000)


async def test_the_buyer_gives_it_up_and_may_complain_once_more_only(
    shop: Shop, disputed: dict[str, Any]
) -> None:
    buyer = token_of(disputed)
    given_up = await shop.post(path(disputed, "/withdrawal"), token=buyer)
    assert (given_up.json()["status"], money(given_up.json())) == (
        "awaiting_confirmation",
        (12900, 0, 0, 0),
    )
    nothing = await shop.post(path(disputed, "/withdrawal"), token=buyer)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no_dispute_open")

    second = await shop.post(path(disputed), {"amount": 12900, "reason": "other"}, token=buyer)
    assert second.json()["dispute"]["id"] == dispute_id(disputed["id"], 2)
    await shop.post(path(disputed, "/withdrawal"), token=buyer)
    third = await shop.post(path(disputed), PART, token=buyer)
    assert (third.status_code, third.json()["code"]) == (409, "too_many_disputes")


async def test_each_side_has_its_own_commands(shop: Shop, disputed: dict[str, Any]) -> None:
    buyer = token_of(disputed)
    refused = [
        await shop.post(path(disputed), PART),
        await shop.post(path(disputed, "/withdrawal")),
        await shop.post(path(disputed, "/answer"), ACCEPT, token=buyer),
        await shop.post(path(disputed, "/answer"), CONTEST, token=buyer),
    ]
    assert [(no.status_code, no.json()["code"]) for no in refused] == [
        (403, "not_your_command")
    ] * 4
    now = (await shop.get(f"/v1/escrows/{disputed['id']}")).json()
    assert now == disputed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": 12901, "reason": "damaged"}, "amount_exceeds_held"),
        ({"amount": 0, "reason": "damaged"}, "amount_exceeds_held"),
        ({"amount": 4000}, "invalid_request"),
        ({"amount": 4000, "reason": "dislike"}, "invalid_request"),
        ({"amount": 4000.5, "reason": "damaged"}, "invalid_request"),
        ({"amount": 4000, "reason": "damaged", "words": "no"}, "invalid_request"),
    ],
)
async def test_a_wrong_complaint_changes_nothing(
    shop: Shop, sent: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    answer = await shop.post(path(sent), body, token=token_of(sent))

    assert answer.json()["code"] == code
    assert (await shop.get(f"/v1/escrows/{sent['id']}")).json() == sent


async def test_only_money_that_we_hold_can_be_disputed(
    shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    unpaid = await shop.create()
    early = await shop.post(path(unpaid), PART, token=token_of(unpaid))
    assert (early.status_code, early.json()["code"]) == (409, "wrong_stage")

    frozen = await paid(shop, teller, temporal, terms={"funding": "freeze"})
    at_bank = await shop.post(path(frozen), PART, token=token_of(frozen))
    assert (at_bank.status_code, at_bank.json()["code"]) == (409, "wrong_stage")

    held = await paid(shop, teller, temporal)
    never_sent = await shop.post(path(held), PART, token=token_of(held))
    assert never_sent.json()["status"] == "disputed"


async def test_said_twice_it_is_done_once(shop: Shop, sent: dict[str, Any]) -> None:
    key, buyer = uuid4().hex, token_of(sent)
    first = await shop.post(path(sent), PART, token=buyer, key=key)
    again = await shop.post(path(sent), PART, token=buyer, key=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()

    other = await shop.post(path(sent), PART, token=buyer)
    assert (other.status_code, other.json()["code"]) == (409, "dispute_open_already")


async def test_accepting_gives_money_away_and_needs_its_scope(
    new_shop: NewShop, teller: ScriptedBank, temporal: Temporal
) -> None:
    packer = await new_shop("Packer", [Scope.ESCROWS_READ, Scope.ESCROWS_WRITE])
    sent = await shipped(packer, teller, temporal)
    await packer.post(path(sent), PART, token=token_of(sent))

    refused = await packer.post(path(sent, "/answer"), ACCEPT)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    contested = await packer.post(path(sent, "/answer"), CONTEST)
    assert contested.json()["dispute"]["state"] == "arbitration"


async def test_an_answer_to_another_version_is_none(shop: Shop, disputed: dict[str, Any]) -> None:
    headers = {**shop.headers(), "If-Match": f'"{disputed["version"] - 1}"'}
    answer = await shop.http.post(path(disputed, "/answer"), headers=headers, json=ACCEPT)

    assert (answer.status_code, answer.json()["code"]) == (412, "version_moved")
    assert (await shop.get(f"/v1/escrows/{disputed['id']}")).json() == disputed


async def test_every_step_is_an_event(shop: Shop, disputed: dict[str, Any]) -> None:
    await shop.post(path(disputed, "/answer"), CONTEST)
    await shop.post(path(disputed, "/withdrawal"), token=token_of(disputed))

    told = (await shop.get(f"/v1/escrows/{disputed['id']}/events")).json()["data"]
    assert [event["type"] for event in told][-3:] == [
        "escrow.disputed",
        "escrow.dispute.updated",
        "escrow.dispute.updated",
    ]
    assert told[-3]["data"]["detail"] == {"amount": 4000, "reason": "damaged"}
    assert [event["data"]["escrow"]["disputed"] for event in told][-3:] == [4000, 4000, 0]
