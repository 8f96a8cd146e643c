"""Every route against somebody else's ids: 404, 403 or 401, and nothing changed.

Generated from the OpenAPI document: a new route is in the matrix by itself, and one with an id of
a new kind fails until `strangers.IDS` says what it is the id of.
"""

from collections.abc import Callable

import httpx2
import pytest
import pytest_asyncio

from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import token_of
from tests.integration.api.strangers import (
    AN_ID,
    IDS,
    PUBLIC,
    Operation,
    World,
    knock,
    operations,
    standing,
    world,
)
from tests.workflows.parts import ScriptedBank

#: How somebody knocks who may know the victim's ids and nothing more, and what that is called.
STRANGERS: dict[str, Callable[[World, World], str]] = {
    "a key of another merchant": lambda mine, _: f"Bearer {mine.shop.key}",
    "a link of another merchant's buyer": lambda mine, _: f"Bearer {token_of(mine.escrow)}",
    "a link of the merchant's other buyer": lambda _, of: f"Bearer {token_of(of.neighbour)}",
    "nothing": lambda *_: "",
    "a password": lambda mine, _: f"Basic {mine.shop.key}",
    "the merchant's id": lambda _, of: f"Bearer {of.shop.id}",
    "the purchase's id": lambda _, of: f"Bearer {of.ids['esc_']}",
    "a key that was revoked": lambda _, of: f"Bearer {of.revoked}",
    "a key cut short": lambda _, of: f"Bearer {of.shop.key[:-1]}",
    "a link cut short": lambda _, of: f"Bearer {token_of(of.escrow)[:-1]}",
}
CODES = {
    401: {"unauthenticated", "invalid_api_key", "invalid_link", "not_authentic"},
    403: {"not_your_command"},
    404: {"not_found"},
}
OPERATORS = {"OperatorKey"}
SOMEBODYS = [one for one in operations() if set(one.takes) & set(IDS)]
WITH_PLACES = [one for one in operations() if one.places and one.doors != OPERATORS]
NAMING = [
    one for one in SOMEBODYS if any(AN_ID.match(str(v)) for v in (one.example or {}).values())
]


@pytest_asyncio.fixture(scope="session")
async def worlds(new_shop: NewShop) -> tuple[World, World]:
    """A stranger's, and the victim's."""
    return await world(new_shop, "Stranger"), await world(new_shop, "Victim")


@pytest_asyncio.fixture(scope="session")
async def untouched(worlds: tuple[World, World]) -> dict[str, str | None]:
    """The victim's rows as they have to stay, whoever knocks."""
    _, victim = worlds
    return await standing(victim.shop.doors.engine, victim)


def refusal(operation: Operation, who: str) -> int:
    """What this stranger is to be told; 200 where nothing of the victim's is asked for."""
    known = who.startswith(("a key of", "a link of"))
    if operation.doors <= OPERATORS or not known:
        return 401
    if who.startswith("a link") and "BuyerLink" not in operation.doors:
        return 403
    return 404 if set(operation.takes) & set(IDS) else 200


def test_every_id_in_an_address_is_somebodys_and_filled() -> None:
    asked = {name for one in operations() for name in (*one.takes, *one.needs)}
    assert asked == {*IDS, *PUBLIC}
    assert len(SOMEBODYS) > 15
    assert WITH_PLACES
    assert NAMING


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_a_stranger_gets_nothing_and_changes_nothing(
    http: httpx2.AsyncClient,
    worlds: tuple[World, World],
    untouched: dict[str, str | None],
    operation: Operation,
) -> None:
    mine, victim = worlds
    for who, authorization in STRANGERS.items():
        said = authorization(mine, victim)
        answer = await knock(http, operation, victim.path(operation), said, victim)
        expected = refusal(operation, who)
        if expected == 200:
            assert answer.is_success, (who, answer.text)
        else:
            assert answer.status_code == expected, (who, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] in CODES[expected], who
        assert victim.shop.id not in answer.text, who
        assert victim.escrow["order_url"] not in answer.text, who
    assert await standing(victim.shop.doors.engine, victim) == untouched


@pytest.mark.parametrize("operation", WITH_PLACES, ids=str)
async def test_a_place_in_somebody_elses_list_leads_nowhere(
    http: httpx2.AsyncClient, worlds: tuple[World, World], operation: Operation
) -> None:
    """Where the query has one: the own list, gone on with at the victim's place."""
    mine, victim = worlds
    for place in operation.places:
        query = {place: victim.places[place]}
        key = f"Bearer {mine.shop.key}"
        answer = await knock(http, operation, mine.path(operation), key, mine, query)
        assert answer.json()["code"] in ("not_found", "invalid_cursor", "invalid_request")
        assert victim.ids["esc_"] not in answer.text


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_somebody_elses_id_in_a_body_is_none(
    http: httpx2.AsyncClient,
    worlds: tuple[World, World],
    untouched: dict[str, str | None],
    operation: Operation,
) -> None:
    mine, victim = worlds
    key = f"Bearer {mine.shop.key}"
    answer = await knock(http, operation, mine.path(operation), key, victim)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await standing(mine.shop.doors.engine, victim) == untouched


async def test_the_same_requests_open_to_whom_it_belongs(
    http: httpx2.AsyncClient, new_shop: NewShop, teller: ScriptedBank
) -> None:
    """Or the matrix would prove nothing: merchant or buyer, one of them is let in."""
    mine = await world(new_shop, "Owner")
    # That operators are let in stands in operators/test_decisions.py.
    theirs = [one for one in SOMEBODYS if one.doors != OPERATORS]
    for operation in sorted(theirs, key=_deleting_last):
        answers = [
            await knock(http, operation, mine.path(operation), f"Bearer {secret}", mine)
            for secret in (mine.shop.key, token_of(mine.escrow))
        ]
        let_in = [one for one in answers if one.status_code not in (401, 403, 404)]
        assert let_in, f"{operation}: {[answer.text for answer in answers]}"
        assert all(one.status_code < 500 for one in answers), operation


def _deleting_last(operation: Operation) -> tuple[bool, int]:
    return operation.method == "DELETE", -len(operation.path)
